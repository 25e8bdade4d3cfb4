import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { stringify } from 'yaml';
import manifest from '../../package.json' with { type: 'json' };
import { root as checkout, run } from '../../scripts/command.ts';
import { unitFiles } from '../../scripts/systemd-units.ts';
import { freePort } from '../../src/sandbox/free-port.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';
import { outOfStep } from '../support/in-step.ts';
import { startCollector } from '../support/otlp-collector.ts';
import { InstalledMachine, whyNoMachine } from './installed-machine.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const { name, version } = manifest;
const doors = Object.keys(manifest.exports).filter((door) => door !== './package.json');
const folder = mkdtempSync(join(tmpdir(), 'package-'));
const site = join(folder, 'site');
const installed = join(site, 'node_modules', name);
const command = join(site, 'node_modules/.bin', name);
const machine = join(folder, 'machine');
const config = join(folder, 'config.yaml');
let sandbox: Sandbox;
let tarball: string;

/** Packs the package as npm would publish it, and installs it without its optional dependencies. */
beforeAll(async () => {
  // What `prepack` does; types are checked elsewhere.
  await succeed('npm', 'run', 'build', '--', '--noCheck');
  const pack = ['--ignore-scripts', '--json', '--loglevel=error', '--pack-destination', folder];
  const packed = await succeed('npm', 'pack', ...pack);
  tarball = join(folder, /[\w.-]+\.tgz/.exec(packed)?.[0] ?? '');
  await succeed('npm', 'install', `--prefix=${site}`, '--prefer-offline', '--no-audit', tarball);
  sandbox = await startSandbox({ projects: 1, stacks: 1, servers: 2, pace: 0 });
  const api = { host: '127.0.0.1', port: await freePort() };
  writeFileSync(config, stringify({ log_level: 'info', ...sandbox.config, api }));
});
afterAll(async () => {
  await sandbox?.close();
  rmSync(folder, { recursive: true });
});

async function succeed(command: string, ...args: string[]): Promise<string> {
  const { code, output } = await run(command, args);
  expect({ command, args, code, output }).toMatchObject({ code: 0 });
  return output;
}

/** Starts a command that goes on, and stops it once it has shown the text. @returns its exit code, and what it showed */
async function runUntil(text: string, command: string, ...args: string[]) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  let isTold = false;
  child.stdout.setEncoding('utf8').on('data', (more: string) => {
    output += more;
    if (isTold || !output.includes(text)) return;
    isTold = true;
    child.kill('SIGTERM');
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output };
}

test.concurrent('publint and attw find nothing wrong with the package', async () => {
  await succeed('publint', 'run', tarball, '--strict');
  await succeed('attw', tarball, '--profile', 'esm-only');
});

test.concurrent('what is packed is for those who use it: no sources, tests or maps', async () => {
  const contents = await succeed('tar', '-tzf', tarball);

  expect(contents).toContain('package/dist/index.d.ts\n');
  // The command in one piece, and the licences of what that piece contains.
  expect(contents).toContain('package/dist/command/main.js\n');
  expect(contents).toContain('package/dist/command/licences.md\n');
  expect(contents).toContain('package/docs/operating.md\n');
  expect(contents).toContain('package/examples/own-mapping.ts\n');
  expect(contents).not.toMatch(/\.test\.|\.map$|package\/(src|test|scripts)\//m);
});

test.concurrent('the installed command tells its version, checks a configuration, and brings a portal into step', async () => {
  const told = await succeed(command, '--version');
  const checked = await succeed(command, 'check-config', '--config', config);
  const { code, output } = await runUntil('"msg":"reconciled"', command, 'run', '--config', config);

  expect(told).toBe(`${version}\n`);
  expect(checked).toContain(sandbox.config.openstack.auth_url);
  expect(outOfStep(sandbox)).toEqual([]);
  expect(output).toContain('"msg":"listening"');
  expect(code).toBe(0);
});

test.concurrent('a start of `run` or `health` reads a few files, and `run` signs in to the cloud before most of them', async () => {
  const list = join(folder, 'list-loaded.mjs');
  writeFileSync(
    list,
    `import { subscribe } from 'node:diagnostics_channel';
    import { registerHooks } from 'node:module';
    registerHooks({
      load(url, context, next) {
        if (url.includes('/dist/command/')) process._rawDebug(url.split('/').at(-1));
        return next(url, context);
      },
    });
    subscribe('undici:client:sendHeaders', ({ request }) => {
      const loaded = process.moduleLoadList.filter((module) => /^NativeModule (crypto|http|https|http2|tls|child_process|worker_threads|zlib|fs[/]promises|perf_hooks)$/.test(module));
      process._rawDebug([request.method, request.path, ...loaded].join(' '));
    });`,
  );
  // A portal of its own: two writers of one would wait for each other.
  await using own = await startSandbox({ projects: 1, stacks: 1, servers: 1, pace: 0 });
  const ownConfig = join(folder, 'own-config.yaml');
  writeFileSync(ownConfig, stringify({ ...own.config, data_dir: join(folder, 'own-data') }));
  const stepsOf = async (...args: string[]) => {
    const bin = join(installed, 'bin', name);
    const child = spawn(process.execPath, ['--import', list, bin, ...args, '--config', ownConfig], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const steps = (await text(child.stderr)).trim().split('\n');
    return steps.map((step) => step.replace(/(-[\w-]{8})?\.js$/, ''));
  };

  const forHealth = await stepsOf('health', 'updates_bulk');
  const forRun = await stepsOf('run', 'updates_bulk', '--once');
  const firstRequest = forRun.findIndex((step) => step.includes(' '));
  const later = forRun.slice(firstRequest + 1).filter((step) => !step.includes(' '));

  const shared = ['main', 'rolldown-runtime', 'for-main', 'for-health'];
  expect(new Set(forHealth)).toEqual(new Set([...shared, 'health']));
  expect(new Set(forRun.slice(0, firstRequest))).toEqual(new Set([...shared, 'run', 'for-run']));
  // Without any of these modules of Node.
  expect(forRun[firstRequest]).toBe('POST /v3/auth/tokens');
  // Nothing of the API server, RabbitMQ, the doctor, the sandbox or the exporters. Prometheus' client comes when there is something to count.
  expect(new Set(later)).toEqual(new Set(['run-components', 'for-run-components', 'instruments']));
});

test.concurrent('the installed command has a sandbox, with the service on it', async () => {
  const args = ['sandbox', '--with-service', '--still', '--projects', '1', '--log-format', 'json'];

  const { code, output } = await runUntil('"msg":"reconciled"', command, ...args);

  expect(output).toContain('A sandbox is running');
  expect(output).toContain(`In another terminal:\n\n  ${name} plan --config `);
  expect(code).toBe(0);
});

test.concurrent('every public door of the installed package opens, to modules and to CommonJS', async () => {
  const program = (file: string, open: (door: string) => string) => {
    writeFileSync(join(installed, file), doors.map((door) => open(`${name}${door.slice(1)}`)).join('\n'));
    return join(installed, file);
  };

  // From inside, a package finds itself by its name, through the doors that it has for others.
  await succeed(
    'node',
    program('doors.mjs', (door) => `await import('${door}');`),
  );
  await succeed(
    'node',
    program('doors.cjs', (door) => `require('${door}');`),
  );

  expect(doors.length).toBeGreaterThan(4);
});

test.concurrent('the command brings what exports traces with it; a program that lacks it is served without traces, and says so', async ({
  onTestFinished,
}) => {
  await using collector = await startCollector();
  const cloud = await startSandbox({ projects: 1, stacks: 1, servers: 2, pace: 0 });
  onTestFinished(() => cloud.close());
  const traced = join(folder, 'traced.yaml');
  const observability = { otlp_endpoint: collector.url };
  writeFileSync(traced, stringify({ log_level: 'info', ...cloud.config, observability }));
  const program = join(installed, 'traced.mjs');
  writeFileSync(
    program,
    `import { createService } from '${name}';
    const service = createService({ configFile: ${JSON.stringify(traced)} });
    await service.runOnce(AbortSignal.timeout(30_000));
    await service[Symbol.asyncDispose]();`,
  );

  await succeed(command, 'run', '--once', '--config', traced);
  const sent = collector.spans().length;
  const output = await succeed('node', program);

  expect(existsSync(join(site, 'node_modules/@opentelemetry/sdk-trace'))).toBe(false);
  expect(sent).toBeGreaterThan(1);
  expect(output).toContain('OpenTelemetry is not installed, no traces are exported');
  expect(collector.spans()).toHaveLength(sent);
});

test.concurrent("a strict program of somebody else's compiles against each public door, types of dependencies included, and each example runs", async () => {
  const consumer = mkdtempSync(join(folder, 'consumer-'));
  const modules = join(consumer, 'node_modules');
  const compilerOptions = {
    module: 'nodenext',
    target: 'es2024',
    lib: ['es2024', 'esnext.disposable'],
    types: ['node'],
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: false,
    noEmit: true,
  };
  mkdirSync(join(modules, '@types'), { recursive: true });
  symlinkSync(installed, join(modules, name));
  for (const types of ['@types/node', 'undici-types'])
    symlinkSync(join(checkout, 'node_modules', types), join(modules, types));
  writeFileSync(join(consumer, 'package.json'), '{"type":"module"}');
  writeFileSync(join(consumer, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));
  writeFileSync(
    join(consumer, 'doors.ts'),
    doors.map((door, index) => `export * as door${index} from '${name}${door.slice(1)}';`).join('\n'),
  );
  cpSync(join(checkout, 'examples'), consumer, { recursive: true });

  await succeed('tsc', '-p', consumer);
  // As this Node runs TypeScript itself; the sources that examples.test.ts takes need the pinned one.
  const examples = readdirSync(join(checkout, 'examples'));
  const ran = await Promise.all(examples.map((example) => run('node', [join(consumer, example)])));
  ran.forEach(({ code, output }, at) => {
    const isTest = examples[at] === 'sandbox-in-a-test.ts';
    expect(output).toMatch(isTest ? /pass 1\n/ : /Needed: .*\.\n/);
    expect(code).toBe(isTest ? 0 : 1);
  });
});

const mayInstall = process.getuid?.() === 0 && existsSync('/usr/bin/systemd-sysusers');

test
  .skipIf(!mayInstall)
  .concurrent(
    'install:systemd puts all in place, again keeps the configuration, and uninstall leaves it with logs and data',
    async () => {
      // What it would build is built.
      const install = [
        'npm_config_ignore_scripts=true',
        'node',
        'scripts/install-systemd.ts',
        '--root',
        machine,
      ];
      const etc = join(machine, 'etc', name);
      const opt = join(machine, 'opt', name);
      const places = ['var/log', 'var/lib'].map((place) => join(machine, place, name));
      mkdirSync(join(machine, 'etc'), { recursive: true });

      const told = await succeed('env', ...install);
      const sample = readFileSync(join(etc, 'config.yaml'), 'utf8');
      const checked = await succeed(
        join(opt, 'bin/node'),
        join(opt, 'bin', name),
        'check-config',
        '-c',
        config,
      );
      // As it would run there, by this user instead of the units', who is on that machine alone.
      const wrapper = join(folder, 'command');
      const secrets = join(folder, 'environment');
      writeFileSync(secrets, "JWT_SECRET='0123456789abcdef'\n");
      const asInstalled = readFileSync(join(machine, 'usr/local/bin', name), 'utf8');
      writeFileSync(
        wrapper,
        asInstalled
          .replaceAll('/opt/', `${machine}/opt/`)
          .replaceAll('=concertim', '=root')
          .replace(`/etc/${name}/environment`, secrets),
      );
      const atShell = await succeed('sh', wrapper, 'check-config', '-c', config);
      writeFileSync(join(etc, 'config.yaml'), 'log_level: debug\n');
      writeFileSync(join(opt, 'left-over'), '');
      await succeed('env', ...install);
      const installed = snapshotOf(machine);
      for (const place of places) mkdirSync(place, { recursive: true });
      const removed = await succeed('node', 'scripts/uninstall-systemd.ts', '--root', machine);
      const again = await succeed('node', 'scripts/uninstall-systemd.ts', '--root', machine);

      expect(told).toContain(`edit ${join(etc, 'config.yaml')}`);
      expect(sample).toBe(readFileSync(join(checkout, 'config.example.yaml'), 'utf8'));
      expect(checked).toContain(sandbox.config.openstack.auth_url);
      expect(atShell).toMatch(/data_dir: \/var\/lib\/concertim-openstack-service .*\$STATE_DIRECTORY/);
      expect(atShell).toMatch(/jwt_secret: "\[hidden\]" # \$JWT_SECRET/);
      expect(asInstalled).toContain('setpriv --reuid=concertim');
      expect(installed).toEqual({
        units: [...unitFiles].sort(),
        config: 'log_level: debug\n',
        hasCommand: true,
        hasPackage: true,
        hasLeftOver: false,
      });
      expect(readFileSync(join(machine, 'etc/passwd'), 'utf8')).toMatch(/^concertim:/m);
      expect(snapshotOf(machine)).toEqual({
        units: [],
        config: 'log_level: debug\n',
        hasCommand: false,
        hasPackage: false,
        hasLeftOver: false,
      });
      for (const place of [etc, ...places]) {
        expect(removed).toContain(`  ${place}\n`);
        expect(existsSync(place)).toBe(true);
      }
      expect(again).toBe(removed);
    },
  );

const noMachine = whyNoMachine();

test
  .skipIf(noMachine !== undefined)
  .concurrent(
    `beside systemd's units a command at a shell sees their folders, secrets and processes${noMachine ? ` (skipped: ${noMachine})` : ''}`,
    async ({ onTestFinished }) => {
      const cloud = await startSandbox({ projects: 1, stacks: 2, servers: 2, pace: 0 });
      onTestFinished(() => cloud.close());
      const machine = await InstalledMachine.install(join(folder, 'with-units'));
      const observability = { port: await freePort(8) };
      // The configuration names no folders for data and logs: only the units do.
      const text = stringify({ log_level: 'info', ...cloud.config, observability });
      const secrets = 'JWT_SECRET=0123456789abcdef\n';
      machine.configure(text, { text: secrets, mode: 0o640 });
      await using unit = await machine.start('updates_bulk', '"msg":"reconciled"');
      // A change that a second writer would write at once, and the unit only with its next full run.
      const [server] = [...cloud.cloud.compute.servers()];
      cloud.cloud.compute.act(server?.id ?? '', 'stop');
      const before = cloud.portal.devices.all();

      const once = await machine.shell('run', 'updates_bulk', '--once');
      const afterOnce = cloud.portal.devices.all();
      const plan = await machine.shell('plan');
      const status = await machine.shell('status');
      const health = await machine.shell('health', 'updates_bulk', '--json');
      const effective = await machine.shell('check-config');
      const pause = await machine.shell('pause', '--reason', 'upgrade of the portal');
      await unit.logs('paused: nothing is written to the portal');
      const paused = await machine.shell('status');
      const strangers = machine.notOfTheUnits();
      const compiled = machine.compiled();
      machine.configure(text, { text: secrets, mode: 0o600 });
      const blind = await machine.shell('check-config');

      expect(once.stderr).toContain(
        `Another process writes to this portal: process ${unit.pid} on ${hostname()}, which holds /var/lib/${name}/writer.lock.`,
      );
      expect(once.code).toBe(1);
      expect(afterOnce).toEqual(before);
      expect(plan.stdout).toContain('0 to create, 1 to change, 0 to delete');
      expect(plan.code).toBe(2);
      expect(status.stdout).toMatch(
        new RegExp(`^process ${unit.pid}, version .*\\n {2}✓ updates_bulk {2}works`),
      );
      expect(status.code).toBe(0);
      // The unit's state, whichever it is: without it `health` would say that the unit does not run.
      expect(health.stdout).toMatch(/"component": "updates_bulk"[^}]*"(starting|works)/);
      expect(effective.stdout).toMatch(
        /data_dir: \/var\/lib\/concertim-openstack-service .*\$STATE_DIRECTORY/,
      );
      expect(effective.stdout).toMatch(/jwt_secret: "\[hidden\]" # \$JWT_SECRET/);
      expect(pause.code).toBe(0);
      expect(paused.stdout).toMatch(/PAUSED.*upgrade of the portal/);
      // On a busy machine a command says how far it is.
      const said = [plan, status, health, effective, pause, paused].flatMap(({ stderr }) =>
        stderr.split('\n'),
      );
      expect(said.filter((line) => line !== '' && !/^\d+ s: /.test(line))).toEqual([]);
      expect(strangers).toEqual([]);
      // The next command reuses what Node compiled for the earlier ones.
      expect(compiled.length).toBeGreaterThan(1);
      expect(blind).toMatchObject({
        code: 78,
        stderr: expect.stringContaining(`chown root:concertim /etc/${name}/environment; chmod 640`),
      });
    },
  );

/** What of the service is on a machine. */
function snapshotOf(machine: string) {
  return {
    units: readdirSync(join(machine, 'etc/systemd/system')).sort(),
    config: readFileSync(join(machine, 'etc', name, 'config.yaml'), 'utf8'),
    hasCommand: existsSync(join(machine, 'usr/local/bin', name)),
    hasPackage: existsSync(join(machine, 'opt', name, 'package.json')),
    hasLeftOver: existsSync(join(machine, 'opt', name, 'left-over')),
  };
}
