import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

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
  readonly Volumes: Readonly<Record<string, unknown>>;
  readonly ExposedPorts: Readonly<Record<string, unknown>>;
  readonly Healthcheck: {
    readonly Test: readonly [string, string];
    /** Nanoseconds. */
    readonly Timeout: number;
  };
}

/** How a container is run, beside `--read-only --network=host`. */
export interface RunOptions {
  /** `--volume`: folders and files of the host, by where the container sees them. */
  readonly volumes: Readonly<Record<string, string>>;
  /** `--env`. */
  readonly env?: Readonly<Record<string, string>>;
  /** The command that starts in place of the image's component. */
  readonly command?: readonly string[];
  /** `--user`: a number. Default: as whom the image says, which is root. */
  readonly user?: number;
  /** `--cap-drop ALL --cap-add`, and `--security-opt no-new-privileges`. Default: all. */
  readonly capabilities?: readonly string[];
}

/**
 * A built image, unpacked: its processes see it as their root folder, which none of them can write. Nothing of it outlives
 * the test, whatever becomes of that.
 */
export class Image {
  readonly config: ImageConfig;
  readonly #container: string;
  readonly #root: string;

  constructor(name: string) {
    this.#container = buildah('from', '--pull-never', `localhost/concertim:${name}`);
    onTestFinished(() => {
      buildah('umount', this.#container);
      buildah('rm', this.#container);
    });
    this.#root = buildah('mount', this.#container);
    const inspected = JSON.parse(buildah('inspect', '--type', 'image', `localhost/concertim:${name}`)) as {
      Docker: { config: ImageConfig };
    };
    this.config = inspected.Docker.config;
  }

  /** Bytes that all files in it take. */
  get size(): number {
    return Number(execFileSync('du', ['-s', '-B1', this.#root], { encoding: 'utf8' }).split('\t')[0]);
  }

  /** Starts what the image starts. */
  start(options: RunOptions) {
    const child = spawn(
      'unshare',
      this.#inside(options, [...this.config.Entrypoint, ...(options.command ?? [])]),
      {
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    onTestFinished(() => void child.kill('SIGKILL'));
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
  async isHealthy(options: RunOptions): Promise<boolean> {
    const { Test, Timeout } = this.config.Healthcheck;
    const [kind, command] = Test;
    if (kind !== 'CMD-SHELL') throw new Error(`a health check of kind ${kind}`);
    const child = spawn('unshare', this.#inside(options, ['/bin/sh', '-c', command]), {
      stdio: 'ignore',
      timeout: Timeout / 1e6,
      killSignal: 'SIGKILL',
    });
    const [code] = (await once(child, 'close')) as [number | null];
    return code === 0;
  }

  #inside({ volumes, env = {}, user, capabilities }: RunOptions, command: readonly string[]): string[] {
    const mounts = Object.entries(volumes).map(([at, from]) => {
      const target = join(this.#root, at);
      mkdirSync(target.endsWith('.yaml') ? join(target, '..') : target, { recursive: true });
      if (target.endsWith('.yaml')) writeFileSync(target, '', { flag: 'a' });
      return `mount --bind ${from} ${target}`;
    });
    const asUser = user === undefined ? '' : `--userspec=${user}:${user} --groups=`;
    const given = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    const within = capabilities
      ? [
          'setpriv',
          '--no-new-privs',
          `--bounding-set=${['-all', ...capabilities.map((name) => `+${name.toLowerCase()}`)].join()}`,
        ]
      : [];
    const script = [
      `mount --bind ${this.#root} ${this.#root}`,
      `mount -o remount,bind,ro ${this.#root}`,
      ...mounts,
      `mount -t proc proc ${this.#root}/proc`,
      `mount --rbind /dev ${this.#root}/dev`,
      `exec env -i ${[...this.config.Env, ...given].map((text) => `'${text}'`).join(' ')} chroot ${asUser} ${this.#root} "$@"`,
    ].join(' && ');
    return ['--mount', 'sh', '-c', script, 'sh', ...within, ...command];
  }
}
