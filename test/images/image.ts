import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const store = process.env['IMAGES_DIR'] ?? '/var/tmp/concertim-images';

function buildah(...args: string[]): string {
  const all = ['--root', join(store, 'storage'), '--runroot', join(store, 'run'), ...args];
  return execFileSync('buildah', all, { encoding: 'utf8' }).trim();
}

/** What an image says of how it is run, in Docker's words. */
interface ImageConfig {
  readonly Env: readonly string[];
  readonly Entrypoint: readonly string[];
  readonly StopSignal: NodeJS.Signals;
  readonly Healthcheck: { readonly Test: readonly [string, string] };
}

/** Folders of the host, by where the container sees them. */
export type Volumes = Readonly<Record<string, string>>;

/** A built image, unpacked: its processes see it as their root folder, which none of them can write. */
export class Image implements Disposable {
  readonly config: ImageConfig;
  readonly #container: string;
  readonly #root: string;

  constructor(name: string) {
    this.#container = buildah('from', '--pull-never', `localhost/concertim:${name}`);
    this.#root = buildah('mount', this.#container);
    const inspected = JSON.parse(buildah('inspect', '--type', 'image', `localhost/concertim:${name}`)) as {
      Docker: { config: ImageConfig };
    };
    this.config = inspected.Docker.config;
  }

  /** Starts what the image starts, as `docker run --read-only --network=host` would. */
  start(volumes: Volumes) {
    const child = spawn('unshare', this.#inside(volumes, this.config.Entrypoint), {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (output += text));
    const exit = once(child, 'close').then(([code]) => code as number | null);
    return {
      pid: child.pid ?? 0,
      exit,
      output: () => output,
      kill: (signal: NodeJS.Signals) => child.kill(signal),
    };
  }

  /** Runs what the image says its health is checked by. @returns whether it is well */
  isHealthy(volumes: Volumes): boolean {
    const [kind, command] = this.config.Healthcheck.Test;
    if (kind !== 'CMD-SHELL') throw new Error(`a health check of kind ${kind}`);
    return spawnSync('unshare', this.#inside(volumes, ['/bin/sh', '-c', command])).status === 0;
  }

  #inside(volumes: Volumes, command: readonly string[]): string[] {
    const mounts = Object.entries(volumes).map(([at, from]) => {
      const target = join(this.#root, at);
      mkdirSync(target.endsWith('.yaml') ? join(target, '..') : target, { recursive: true });
      if (target.endsWith('.yaml')) writeFileSync(target, '', { flag: 'a' });
      return `mount --bind ${from} ${target}`;
    });
    const script = [
      `mount --bind ${this.#root} ${this.#root}`,
      `mount -o remount,bind,ro ${this.#root}`,
      ...mounts,
      `mount -t proc proc ${this.#root}/proc`,
      `mount --rbind /dev ${this.#root}/dev`,
      `exec env -i ${this.config.Env.map((text) => `'${text}'`).join(' ')} chroot ${this.#root} "$@"`,
    ].join(' && ');
    return ['--mount', 'sh', '-c', script, 'sh', ...command];
  }

  [Symbol.dispose](): void {
    buildah('umount', this.#container);
    buildah('rm', this.#container);
  }
}
