import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { componentNames } from '../../src/components.ts';
import { loadConfig } from '../../src/config/load.ts';
import { hasRating } from '../../src/openstack/rating.ts';
import { Session } from '../../src/openstack/session.ts';
import { freePort } from '../../src/sandbox/free-port.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';
import { bin, command, type Finished } from '../support/command.ts';
import { outOfStep } from '../support/in-step.ts';
import { until } from '../support/listening-scenario.ts';

let sandbox: Sandbox;
const folder = mkdtempSync(join(tmpdir(), 'command-line-'));

function configFile(name: string, more: Record<string, unknown> = {}): string {
  const file = join(folder, name);
  writeFileSync(file, stringify({ log_level: 'info', ...sandbox.config, ...more }));
  return file;
}

/** What a command that lasts longer than two seconds says on the way. */
const onlyProgress = /^(\d+ s: .*\n)*$/;

beforeAll(async () => {
  sandbox = await startSandbox({ projects: 2, stacks: 2, servers: 2, pace: 0 });
});
afterAll(async () => {
  await sandbox.close();
});

test('plan tells what a run would do and changes nothing; the run does it; then both are in step', async () => {
  const config = configFile('plan.yaml');

  const before = await command('plan', '--config', config).finished;
  const racksBefore = sandbox.portal.racks.size;
  const asJson = await command('plan', '--json', '-c', config).finished;
  const run = await command('run', 'updates_bulk', '--once', '-c', config).finished;
  const after = await command('plan', '-c', config).finished;

  expect(before).toMatchObject({ code: 2, stderr: expect.stringMatching(onlyProgress) });
  expect(before.stdout).toMatch(/^ {2}\+ rack \S+ \(stack \S+\): \d+ U, \S+; its stack has no rack yet$/m);
  expect(before.stdout).toMatch(/^\d+ to create, 0 to change, 0 to delete$/m);
  expect(racksBefore).toBe(0);
  expect(asJson.code).toBe(2);
  expect(JSON.parse(asJson.stdout)).toMatchObject({
    changes: expect.arrayContaining([expect.objectContaining({ change: 'create-rack', object: 'rack' })]),
    held: [],
    inStep: false,
  });
  expect(run).toMatchObject({ code: 0, stderr: '' });
  expect(
    run.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).msg),
  ).toContain('reconciled');
  expect(outOfStep(sandbox)).toEqual([]);
  expect(after).toMatchObject({
    code: 0,
    stdout: 'Portal of release main.\nIn step: nothing to change.\n',
  });
});

test("the first version's spelling run=updates_bulk is understood, and text says how a single run ended", async () => {
  const args = ['--once', '--log-format', 'pretty', '-c', configFile('old.yaml')];

  const { code, stderr } = await command('run=updates_bulk', ...args).finished;

  expect({ code, stderr }).toEqual({ code: 0, stderr: 'In step: nothing to change.\n' });
});

test('a wrong configuration ends with 78 and all that is wrong with it', async () => {
  const file = configFile('wrong.yaml', { log_level: 'loud', log_dirr: 'blue' });

  const { code, stderr } = await command('run', '-c', file).finished;

  expect(code).toBe(78);
  expect(stderr).toMatch(/wrong\.yaml:\d+:\d+ log_level: /);
  expect(stderr).toMatch(/wrong\.yaml:\d+:\d+ log_dirr: /);
});

test('updates_mq without a broker to listen to ends with 78: no new start mends that', async () => {
  const { code, stderr } = await command('run', 'updates_mq', '-c', configFile('no-broker.yaml')).finished;

  expect(stderr).toMatch(
    /^updates_mq needs .* rmq\.rmq_address is not set\. Set it, or leave updates_mq out/,
  );
  expect(code).toBe(78);
});

test('a portal that does not answer and a wrong password end a single run with 1, an unknown component with 64, each with the reason', async () => {
  const { concertim, openstack } = sandbox.config;
  const away = configFile('away.yaml', { concertim: { ...concertim, concertim_url: 'http://127.0.0.1:1' } });
  const wrong = configFile('password.yaml', { openstack: { ...openstack, password: 'not-the-one' } });

  const [portal, password, component] = await Promise.all([
    command('plan', '-c', away).finished,
    command('run', '--once', '-c', wrong).finished,
    command('run', 'updates_buk', '-c', away).finished,
  ]);

  expect(portal.code).toBe(1);
  expect(portal.stderr).toContain('Concertim did not answer');
  expect(password.code).toBe(1);
  expect(password.stdout).toContain('401');
  expect(password.stdout).not.toContain('not-the-one');
  expect(component).toMatchObject({ code: 64, stderr: expect.stringContaining('updates_bulk') });
});

test('what is not on the command line ends with 64 and what there is', async () => {
  const config = configFile('usage.yaml');

  const [unknown, option, yes] = await Promise.all([
    command('plam', '-c', config).finished,
    command('plan', '--jsn', '-c', config).finished,
    command('doctor', '--yes', '-c', config).finished,
  ]);

  expect(unknown).toMatchObject({ code: 64, stderr: expect.stringContaining('Did you mean plan?') });
  expect(option).toMatchObject({ code: 64, stderr: expect.stringContaining('Did you mean --json?') });
  expect(yes).toMatchObject({ code: 64, stderr: expect.stringContaining('--yes needs --fix') });
});

test('a signal that reaches the service twice, as one to its process group does, ends it with 0', async () => {
  const running = command('run', 'updates_bulk', '-c', configFile('twice.yaml', { log_level: 'debug' }));
  await running.saw('"seen":{');

  running.kill('SIGTERM');
  running.kill('SIGTERM');
  const { code } = await running.finished;

  expect(code).toBe(0);
});

test('SIGTERM ends a running service with 0, and soon when nothing is under way', async () => {
  const api = { host: '127.0.0.1', port: await freePort() };
  const running = command('run', '-c', configFile('stopped.yaml', { api, log_level: 'debug' }));
  await running.saw('"msg":"listening"');
  // What a run tells at its end, whether it changed anything or not.
  await running.saw('"seen":{');

  running.kill('SIGTERM');
  const stopping = performance.now();
  const { code, stdout } = await running.finished;
  const seconds = (performance.now() - stopping) / 1_000;

  expect(code).toBe(0);
  expect(stdout).toContain('"msg":"stopped"');
  expect(seconds).toBeLessThan(5);
});

test('the sandbox says where to look, and the service on it brings its portal into step', async () => {
  const running = command(
    'sandbox',
    '--with-service',
    '--still',
    '--projects',
    '1',
    '--servers',
    '2',
    '--rating',
    'v2',
    '--killbill',
    '--log-format',
    'json',
  );
  await running.saw('"msg":"reconciled"');
  const [, file] = /config {3}(\S+)/.exec(running.printed()) ?? [];
  const { clouds, billing } = loadConfig({ file, env: {} });
  const cloud = new Session(clouds[0].openstack);
  const isRated = await hasRating(cloud);
  await cloud.close();

  running.kill('SIGINT');
  const { code, stdout } = await running.finished;

  expect(code).toBe(0);
  expect(isRated).toBe(true);
  expect(billing.killBill?.url).toMatch(/^http:/);
  expect(stdout).toContain(`killbill ${billing.killBill?.url}`);
  expect(stdout).toMatch(/portal {3}http:\/\/127\.0\.0\.1:\d+/);
  expect(stdout).toMatch(/config {3}\S+config\.yaml/);
});

test('doctor tells people and programs the same, and what is wrong decides its exit code', async () => {
  const { openstack } = sandbox.config;
  const away = configFile('doctor.yaml', {
    openstack: { ...openstack, password: 'not-the-one' },
    data_dir: folder,
  });

  const [told, asJson] = await Promise.all([
    command('doctor', '-c', away).finished,
    command('doctor', '--json', '-c', away).finished,
  ]);

  expect(told.code).toBe(2);
  expect(told.stdout).toMatch(/^✗ keystone\.sign-in +Keystone refused/m);
  expect(told.stdout).toMatch(/^\? nova +not checked: the sign-in to Keystone failed$/m);
  expect(told.stdout).toMatch(/^1 error, \d warnings?, \d+ not checked\.$/m);
  expect(asJson.code).toBe(2);
  expect(JSON.parse(asJson.stdout).findings).toContainEqual(
    expect.objectContaining({ check: 'keystone.sign-in', level: 'error', fixable: false }),
  );
  expect(told.stdout + asJson.stdout).not.toContain('not-the-one');
});

test('doctor names all that is wrong with a configuration, as findings', async () => {
  const file = configFile('unusable.yaml', { log_level: 'loud', log_dirr: 'blue' });

  const { code, stdout } = await command('doctor', '--json', '-c', file).finished;

  expect(code).toBe(2);
  expect(JSON.parse(stdout).findings).toMatchObject([
    {
      check: 'config.file',
      level: 'error',
      found: expect.stringMatching(/unusable\.yaml:\d+:\d+ log_level: /),
    },
    {
      check: 'config.file',
      level: 'error',
      found: expect.stringMatching(/unusable\.yaml:\d+:\d+ log_dirr: /),
    },
  ]);
});

test('doctor --fix asks first: without an answer nothing is made, with --yes it is', async () => {
  const { identity } = sandbox.cloud;
  identity.deleteRole(identity.role('watcher'));
  const file = configFile('fix.yaml');

  const asked = await command('doctor', '--fix', '-c', file).finished;
  const namesBefore = identity.roles.map(({ name }) => name);
  const done = await command('doctor', '--fix', '--yes', '-c', file).finished;

  expect(asked.stderr).toContain('create role watcher? [y/N]');
  expect(asked.stderr).toContain('not done: nobody is there to answer');
  expect(asked.code).toBe(2);
  expect(namesBefore).not.toContain('watcher');
  expect(done.stderr).toContain('done: create role watcher');
  expect(done.stderr).toMatch(/done: give user \w+ the role watcher in project \w+/);
  expect(done.code).not.toBe(2);
  expect(identity.roles.map(({ name }) => name)).toContain('watcher');
});

test('a doctor that is interrupted gives no diagnosis: it ends as shells expect', async () => {
  const { heat } = sandbox.services;
  const stop = sandbox.faults.add({ service: 'heat', kind: 'stall' });
  heat.forget();

  const doctor = command('doctor', '-c', configFile('interrupted.yaml'));
  await until(
    () => heat.seen.length > 0,
    10_000,
    () => 'doctor has not asked Heat',
  );
  doctor.kill('SIGINT');
  const finished = await doctor.finished;
  stop();

  expect(finished).toEqual({ code: 130, stdout: '', stderr: 'stopped by SIGINT\n' });
});

test('status asks the processes that run; without a port it reads the signs that they leave', async () => {
  const signs = configFile('signs.yaml', { data_dir: join(folder, 'signs') });
  const port = await freePort();
  const served = configFile('served.yaml', {
    log_level: 'debug',
    updates: { interval: 1 },
    observability: { port },
  });
  const running = command('run', 'updates_bulk', '-c', served);
  await running.saw('serving /metrics');
  await running.saw('in step');

  const [told, asJson, absent] = await Promise.all([
    command('status', '-c', served).finished,
    command('status', '--json', '--url', `http://127.0.0.1:${port}/`).finished,
    command('status', '-c', signs).finished,
  ]);
  running.kill('SIGTERM');
  await running.finished;
  const ended = await command('status', '-c', served).finished;

  expect(told.stdout).toMatch(/^ {2}✓ updates_bulk/m);
  expect(told.stdout).toMatch(/\nNot running on this machine: metrics, api\n$/);
  expect(told.stdout).toMatch(/^ {4}full run +\d+ s ago, \d+ changes/m);
  expect(told.code).toBe(0);
  expect(JSON.parse(asJson.stdout)).toMatchObject([{ updates: { writer: true } }]);
  expect(absent).toMatchObject({ code: 1, stdout: expect.stringContaining('✗ updates_bulk does not run') });
  expect(ended.code).toBe(1);
  expect(ended.stdout).toMatch(/^No component runs: nothing answers at .*\nIs it started, /);
});

test('a second process of a component is seen as one that stands by, by its port and by its sign', async () => {
  const common = { updates: { interval: 1 }, data_dir: join(folder, 'two') };
  const served = configFile('two.yaml', {
    ...common,
    observability: { port: await freePort(2 * componentNames.length - 1) },
  });
  const signs = configFile('two-by-signs.yaml', common);
  const first = command('run', 'updates_bulk', '-c', served);
  await first.saw('became the writer of the portal');
  const second = command('run', 'updates_bulk', '-c', served);
  await second.saw('serving /metrics');

  const [told, signed] = await Promise.all([
    untilTold(['status', '-c', served], /standby/),
    untilTold(['status', '-c', signs], /standby/),
  ]);
  for (const each of [first, second]) each.kill('SIGTERM');
  await Promise.all([first.finished, second.finished]);

  expect(told.stdout).toMatch(/✓ updates_bulk +works.*written to by this process/s);
  expect(told.stdout).toMatch(/✓ updates_bulk +standby: another process.*this process is on standby/s);
  expect(signed.stdout).toMatch(/✓ updates_bulk works\n {2}✓ updates_bulk standby: another process/);
});

test('two processes that write at once are reported', async () => {
  const port = await freePort(2 * componentNames.length - 1);
  const config = configFile('writers.yaml', { updates: { interval: 1 }, observability: { port } });
  const both = [command('run', 'updates_bulk', '-c', config), command('run', 'updates_bulk', '-c', config)];
  await Promise.all(both.map((each) => each.saw('serving /metrics')));

  const told = await untilTold(['status', '-c', config], /at once/);
  for (const each of both) each.kill('SIGTERM');
  await Promise.all(both.map(({ finished }) => finished));

  expect(told.code).toBe(1);
  expect(told.stdout).toMatch(/✗ 2 processes write to the portal at once: \d+, \d+\.\nEnd all but one/);
});

test('status --watch shows one picture after the other until Ctrl-C; a pipe that is closed ends it quietly', async () => {
  const config = configFile('watched.yaml', { observability: { port: await freePort(7) } });
  const watching = command('status', '--watch', '-c', config);
  await watching.saw('No component runs');
  const cut = spawn('sh', ['-c', `${bin} status --watch -c ${config} | head -n 1`]);
  let complaints = '';
  cut.stderr.on('data', (part) => (complaints += String(part)));

  watching.kill('SIGINT');
  const { code, stdout } = await watching.finished;
  await once(cut, 'close');

  expect(code).toBe(1);
  expect(stdout).not.toContain('\u001B');
  expect(complaints).toBe('');
}, 20_000);

/** Asks again until it says that. */
async function untilTold(args: readonly string[], expected: RegExp): Promise<Finished> {
  for (;;) {
    const finished = await command(...args).finished;
    if (expected.test(finished.stdout)) return finished;
  }
}

test.each(['bash', 'zsh', 'fish'])(
  'completion %s prints a script that asks the command itself',
  async (shell) => {
    const script = await command('completion', shell).finished;
    const commands = await command('complete', '--', 'p').finished;
    const options = await command('complete', '--', 'plan', '--a').finished;

    expect(script).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('complete') });
    expect(commands.stdout).toMatch(/^plan\t/m);
    expect(options.stdout).toMatch(/^--allow-deletions\t/m);
  },
);

test('explain says where an object is shown, why one is not, and that one does not exist', async () => {
  const config = configFile('explain.yaml');
  await command('run', 'updates_bulk', '--once', '-c', config).finished;
  const [shown] = sandbox.cloud.compute.servers();
  const project = sandbox.cloud.identity.createProject({ name: 'of-nobody' });
  const [account] = sandbox.population.accounts;
  if (!account) throw new Error('The sandbox has no account.');
  const template = { description: '', parameters: {}, resources: {}, outputs: [] };
  const stray = sandbox.cloud.orchestration.createStack({
    name: 'nobodys',
    project,
    owner: account.user,
    template,
  });
  const ask = (object: string) => command('explain', object, '-c', config).finished;

  const [server, stack, nothing] = await Promise.all([
    ask(shown?.id ?? ''),
    ask(stray.id),
    ask('no-such-thing'),
  ]);

  expect(server).toMatchObject({ code: 0, stderr: expect.stringMatching(onlyProgress) });
  expect(server.stdout).toMatch(
    /^ {2}Shown as device \S+ \(\S+\) in rack \S+ \(\S+\) at unit \d+, ACTIVE\.$/m,
  );
  expect(server.stdout).toMatch(/^ {2}Nova: active, in project \S+ of user\d_team, created /m);
  expect(stack.stdout).toMatch(
    /^ {2}Not shown: no user or team of the portal has its project\. Set the project/m,
  );
  expect(nothing).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('no-such-thing') });
});
