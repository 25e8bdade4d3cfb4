import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';

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

  expect(mapped).toMatchObject({ code: 0, output: expect.stringContaining("'create-device': 3") });
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

test('every example was run', () => {
  expect([...tried].sort()).toEqual(readdirSync(examples).sort());
});
