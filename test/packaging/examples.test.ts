import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { stringify } from 'yaml';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';

// Each example is a process of its own.
vi.setConfig({ testTimeout: 60_000 });

const examples = fileURLToPath(new URL('../../examples', import.meta.url));
const fromSources = fileURLToPath(new URL('./from-sources.mjs', import.meta.url));
const tried = new Set<string>();

let sandbox: Sandbox;
let config: string;
const folder = mkdtempSync(join(tmpdir(), 'examples-'));

beforeAll(async () => {
  sandbox = await startSandbox({ projects: 1, stacks: 1, servers: 4, pace: 0 });
  config = join(folder, 'config.yaml');
  writeFileSync(config, stringify({ log_level: 'error', ...sandbox.config }));
});
afterAll(async () => {
  await sandbox.close();
  rmSync(folder, { recursive: true });
});

/** Runs an example as its head says. */
async function run(
  example: string,
  args: string[],
  options: { flags?: string[]; env?: NodeJS.ProcessEnv } = {},
) {
  tried.add(example);
  const { flags = [], env = {} } = options;
  const command = ['--import', fromSources, ...flags, join(examples, example), ...args];
  const child = spawn(process.execPath, command, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output };
}

test("a cloud's racks-to-be are listed without a portal", async () => {
  const [account] = sandbox.population.accounts;
  const { auth_url, username, password } = sandbox.config.openstack;
  const env = { OS_AUTH_URL: auth_url, OS_USERNAME: username, OS_PASSWORD: password };

  const { code, output } = await run('racks-to-be.ts', [account?.project.id ?? ''], { env });

  expect(output).toMatch(/^\S+: ACTIVE, 4 servers\n$/);
  expect(code).toBe(0);
});

test("a mapping of one's own names racks, chooses templates and leaves servers out; then a rack is switched off", async () => {
  const mapped = await run('own-mapping.ts', [config]);
  const [rack] = sandbox.portal.racks.all();
  const project = sandbox.population.accounts[0]?.project.id ?? '';
  const stack = [...sandbox.cloud.orchestration.stacks(project)].find(({ parent }) => !parent);
  const off = await run('power-off-rack.ts', [config, rack?.name ?? '']);
  sandbox.advance();

  expect(mapped).toMatchObject({ code: 0, output: expect.stringContaining("'create-rack': 1") });
  expect(sandbox.portal.devices.all().filter(({ kind }) => kind === 'Instance')).toHaveLength(3);
  expect(rack?.name).toMatch(new RegExp(`_${stack?.name}$`));
  expect(sandbox.portal.devices.all().filter(({ name }) => name.startsWith('node02'))).toEqual([]);
  expect(sandbox.portal.templates.all().map(({ name }) => name)).toContainEqual(
    expect.stringMatching(/^Login node/),
  );
  expect(off.output.split('\n').filter((line) => line.endsWith('switched off'))).toHaveLength(3);
  expect(off.code).toBe(0);
});

test('a sandbox serves the tests of other programs', async () => {
  const { code, output } = await run('sandbox-in-a-test.ts', [], { flags: ['--test'] });

  expect(output).toMatch(/pass 1\n/);
  expect(code).toBe(0);
});

test("an instance's figures are read, or it is said why not", async () => {
  const [server] = [...sandbox.cloud.compute.servers()];

  const { code, output } = await run('figures-of-an-instance.ts', [config, server?.id ?? '']);
  const none = await run('figures-of-an-instance.ts', [config, 'no-such-instance']);

  expect(output.trimEnd().split('\n')).toHaveLength(5);
  expect(output).toMatch(/^os\.instance\.cpu_utilization: \S+/m);
  expect(code).toBe(0);
  expect(none).toEqual({ code: 1, output: 'Nova has no instance no-such-instance.\n' });
});

test('somebody is given a project and a user, once', async () => {
  const env = { CLOUD_PASSWORD: 'a password of theirs' };

  const first = await run('sign-up.ts', [config, 'ada'], { env });
  const again = await run('sign-up.ts', [config, 'ada'], { env });

  expect(first.output).toMatch(/created project/);
  expect(again.output).toMatch(/^user \w+, project \w+\n$/);
  expect(first.output).toContain(again.output);
  expect([first.code, again.code]).toEqual([0, 0]);
});

test.each(readdirSync(examples).filter((name) => name !== 'sandbox-in-a-test.ts'))(
  '%s without what it needs says what that is, and with a cloud that is away who does not answer',
  async (example) => {
    const nothing = await run(example, [], { env: { OS_AUTH_URL: '', CLOUD_PASSWORD: '' } });
    const elsewhere = join(folder, 'elsewhere.yaml');
    const openstack = { ...sandbox.config.openstack, auth_url: 'http://127.0.0.1:1/v3' };
    const concertim = { ...sandbox.config.concertim, concertim_url: 'http://127.0.0.1:1' };
    writeFileSync(elsewhere, stringify({ log_level: 'critical', openstack, concertim }));
    const { username: OS_USERNAME, password: OS_PASSWORD } = openstack;
    const env = { OS_AUTH_URL: openstack.auth_url, OS_USERNAME, OS_PASSWORD, CLOUD_PASSWORD: 'x' };
    const away = await run(example, [elsewhere, 'x'], { env });

    expect(nothing).toEqual({ code: 1, output: expect.stringMatching(/^Needed: .*\.\n$/) });
    expect(away.code).toBe(1);
    for (const { output } of [nothing, away]) expect(output).not.toMatch(/^\s+at /m);
  },
);

test('every example was run', () => {
  expect([...tried].sort()).toEqual(readdirSync(examples).sort());
});
