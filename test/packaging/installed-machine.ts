import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root as checkout, run } from '../../scripts/command.ts';
import type { Finished } from '../support/command.ts';

const name = 'concertim-openstack-service';

/** Where systemd makes the folders that a unit asks for, and in which variable it says so. */
const unitFolders = {
  LogsDirectory: { parent: '/var/log', variable: 'LOGS_DIRECTORY' },
  StateDirectory: { parent: '/var/lib', variable: 'STATE_DIRECTORY' },
  CacheDirectory: { parent: '/var/cache', variable: 'CACHE_DIRECTORY' },
} as const;

/** Makes a folder the root of a process: its own files, the machine's programs and devices, mounted for that process alone. */
const enter = `set -e
cd "$1"
shift
mkdir -p usr/bin usr/sbin usr/lib usr/lib64 proc dev tmp
for each in bin sbin lib lib64; do [ -e "$each" ] || ln -s "usr/$each" "$each"; done
for each in usr/bin usr/sbin usr/lib usr/lib64 dev proc; do [ ! -d "/$each" ] || mount --rbind "/$each" "$each"; done
exec chroot . "$@"`;

/** Why nothing can be installed and run below a folder; undefined: it can. */
export function whyNoMachine(): string | undefined {
  if (process.getuid?.() !== 0) return 'only root may install';
  if (spawnSync('systemd-sysusers', ['--version']).status !== 0) return 'there is no systemd-sysusers';
  const mounts = spawnSync('unshare', ['--mount', 'mount', '--bind', '/proc', '/proc']).status === 0;
  return mounts ? undefined : 'nothing may be mounted here';
}

/** A machine below a folder, on which `install:systemd` has put the service. */
export class InstalledMachine {
  readonly #root: string;

  private constructor(root: string) {
    this.#root = root;
  }

  /** Installs the service from this checkout, which is built already. */
  static async install(root: string): Promise<InstalledMachine> {
    mkdirSync(join(root, 'etc'), { recursive: true });
    const script = join(checkout, 'scripts/install-systemd.ts');
    const { code, output } = await run('env', [
      'npm_config_ignore_scripts=true',
      process.execPath,
      script,
      '--root',
      root,
    ]);
    if (code !== 0) throw new Error(`install:systemd ended with ${code}: ${output}`);
    return new InstalledMachine(root);
  }

  /** The configuration and the secrets of the units, as an operator leaves them there. */
  configure(config: string, secrets: { readonly text: string; readonly mode: number }): void {
    const etc = join(this.#root, 'etc', name);
    writeFileSync(join(etc, 'config.yaml'), config);
    const environment = join(etc, 'environment');
    rmSync(environment, { force: true });
    writeFileSync(environment, secrets.text, { mode: secrets.mode });
    chownSync(environment, 0, this.#account.gid);
  }

  /** What root types at a shell. */
  async shell(...args: readonly string[]): Promise<Finished> {
    const child = this.#spawn(['env', '-i', 'PATH=/usr/local/bin:/usr/bin:/bin', name, ...args]);
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, stdout, stderr };
  }

  /** Starts a unit as systemd would: its command, account, folders and secrets; once its log has a line, it resolves. */
  async start(component: string, line: string) {
    const unit = readFileSync(
      join(this.#root, 'etc/systemd/system', `concertim_${component}.service`),
      'utf8',
    );
    const of = (key: string) => new RegExp(`^${key}=(.*)$`, 'm').exec(unit)?.[1] ?? '';
    const folders = Object.entries(unitFolders).map(([key, { parent, variable }]) => {
      const place = join(parent, of(key));
      mkdirSync(join(this.#root, place), { recursive: true });
      chownSync(join(this.#root, place), this.#account.uid, this.#account.gid);
      return `${variable}=${place}`;
    });
    const settings = [...unit.matchAll(/^Environment=(.*)$/gm)].map(([, setting = '']) =>
      setting.replace('%C', unitFolders.CacheDirectory.parent),
    );
    const secrets = readFileSync(join(this.#root, of('EnvironmentFile').replace(/^-/, '')), 'utf8').trim();
    const account = [`--reuid=${of('User')}`, `--regid=${of('Group')}`, '--init-groups'];
    const environment = ['env', '-i', 'PATH=/usr/bin', ...folders, ...settings, ...secrets.split('\n')];
    const child = this.#spawn(['setpriv', ...account, ...environment, ...of('ExecStart').split(' ')]);
    child.stderr.resume();
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    const logs = (wanted: string) =>
      new Promise<void>((resolve, reject) => {
        const look = () => {
          if (output.includes(wanted)) resolve();
        };
        look();
        child.stdout.on('data', look);
        child.once('close', () => reject(new Error(`the unit ended: ${output}`)));
      });
    await logs(line);
    return {
      pid: child.pid,
      /** Resolves once its log has a line with these words. */
      logs,
      async [Symbol.asyncDispose]() {
        const ended = once(child, 'close');
        child.kill('SIGTERM');
        await ended;
      },
    };
  }

  /** Files that Node has compiled for the units and for commands at a shell. */
  compiled(): string[] {
    return readdirSync(join(this.#root, unitFolders.CacheDirectory.parent, name), {
      recursive: true,
      encoding: 'utf8',
    });
  }

  /** Files in the units' folders that another account owns. */
  notOfTheUnits(): string[] {
    return Object.values(unitFolders)
      .map(({ parent }) => join(this.#root, parent, name))
      .flatMap((folder) =>
        readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file)),
      )
      .filter((file) => statSync(file).uid !== this.#account.uid);
  }

  get #account(): { uid: number; gid: number } {
    const entry = readFileSync(join(this.#root, 'etc/passwd'), 'utf8')
      .split('\n')
      .find((line) => line.startsWith('concertim:'));
    const [, , uid, gid] = entry?.split(':') ?? [];
    return { uid: Number(uid), gid: Number(gid) };
  }

  #spawn(args: readonly string[]) {
    return spawn('unshare', ['--mount', 'sh', '-c', enter, 'sh', this.#root, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 60_000,
      killSignal: 'SIGKILL',
    });
  }
}
