/**
 * `doctor` on a real cloud and the sandbox's portal. That all is well it says in time and without a write; with faults built
 * into the cloud and into the configuration it names each, and what it prints, run in a shell, repairs it. What is taken
 * away from the cloud for that is put back.
 */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { loadConfigWithSettings } from '../../src/config/load.ts';
import { type Diagnosis, examine, examineTestEvent } from '../../src/doctor/examine.ts';
import { admit } from '../../src/doctor/patient.ts';
import { Faults } from '../../src/sandbox/faults.ts';
import type { HttpService } from '../../src/sandbox/http-service.ts';
import { MetricDaemon } from '../../src/sandbox/portal/metric-daemon.ts';
import { Portal } from '../../src/sandbox/portal/portal.ts';
import { startPortal } from '../../src/sandbox/portal/start-portal.ts';
import { command } from '../support/command.ts';
import { ailments } from '../support/doctor.ts';
import { commandsIn } from '../support/printed-commands.ts';
import { type CountingProxies, startCountingProxies } from './counting-proxy.ts';
import { openstackSection, setting } from './openrc.ts';
import { openstackCommands } from './openstack-command.ts';

const run = promisify(execFile);
const inTimeMs = 10_000;
const never = new AbortController().signal;
const folder = mkdtempSync(join(tmpdir(), 'doctor-'));
const file = join(folder, 'config.yaml');
const portal = new Portal({ release: '2023-08' });
let concertim: HttpService;
let proxies: CountingProxies;
let settings: Settings;

type Settings = Readonly<Record<string, Readonly<Record<string, unknown>> | string>>;

beforeAll(async () => {
  concertim = await startPortal({ portal, metricDaemon: new MetricDaemon(portal), faults: new Faults() });
  const [projects, endpoints] = (await openstackCommands(['project list', 'endpoint list'])) as [
    { ID: string; Name: string }[],
    { URL: string }[],
  ];
  proxies = await startCountingProxies(endpoints.map(({ URL: url }) => new URL(url).origin));
  for (const { ID, Name } of projects) {
    const [, name] = /^CM_(.*)_proj$/.exec(Name) ?? [];
    if (name !== undefined) portal.addUser({ login: name, project_id: ID });
  }
  settings = {
    data_dir: 'data',
    openstack: { ...openstackSection(), auth_url: proxies.through(setting('OS_AUTH_URL')) },
    concertim: { concertim_url: concertim.url, concertim_username: 'admin', concertim_password: 'admin' },
    rmq: {
      rmq_address: '127.0.0.1',
      rmq_port: setting('OPENSTACK_RABBITMQ_PORT'),
      rmq_username: 'guest',
      rmq_password: 'guest',
    },
    api: { host: '127.0.0.1' },
  };
  await shell(`${fileURLToPath(new URL('push-measures', import.meta.url))} --minutes 5 --interval 10`);
});

afterAll(async () => {
  await Promise.all([concertim.close(), proxies[Symbol.asyncDispose]()]);
  rmSync(folder, { recursive: true });
});

test('a healthy cloud is said to be so within ten seconds, and nothing is written', async () => {
  configure();
  const before = proxies.seen.length;
  const startedAt = performance.now();

  const { stdout, code } = await command('doctor', '--config', file).finished;

  const ms = performance.now() - startedAt;
  const seen = [
    ...proxies.seen.slice(before),
    ...concertim.seen.map(({ method, url }) => `${method} ${url}`),
  ];
  const others = seen.filter((request) => !request.startsWith('GET '));
  console.log(
    `doctor on a healthy cloud: ${Math.round(ms)} ms, ${seen.length} requests; ${others.join(', ')}`,
  );
  expect(stdout).toMatch(/\nAll is well: \d+ checks\.\n$/);
  expect(code).toBe(0);
  expect(ms).toBeLessThan(inTimeMs);
  // Signing in, what is asked for by POST, and a PUT that is empty: whether a token is taken is said to no other.
  expect(new Set(others)).toEqual(
    new Set([
      'POST /v3/auth/tokens',
      'POST /users/sign_in.json',
      'POST /v1/search/resource/instance',
      'POST /v1/aggregates',
      'PUT /mrd/0/metrics',
    ]),
  );
});

test('a test event is seen, and nothing of it stays', async () => {
  configure();

  const { stdout, code } = await command('doctor', '--test-event', '--config', file).finished;

  expect(stdout).toMatch(/✓ rabbitmq\.test-event +keypair\.import\.start arrived on exchange nova, \d+ ms/);
  expect(code).toBe(0);
  const [pairs] = (await openstackCommands(['keypair list'])) as [{ Name: string }[]];
  expect(pairs.filter(({ Name }) => Name.startsWith('concertim-doctor'))).toEqual([]);
});

test('a test event on an exchange that is not listened to: what is printed is set, and it is seen', async () => {
  configure({ rmq: { exchanges: ['heat'] } });

  const [elsewhere] = testEventOf(await lookWithTestEvent());
  const [, list = ''] = /^Set rmq\.exchanges to (\[.*\])\.$/.exec(elsewhere?.repair ?? '') ?? [];
  configure({ rmq: { exchanges: parse(list) as string[] } });

  expect(elsewhere).toMatchObject({ level: 'error', found: expect.stringContaining('on exchange nova') });
  expect(testEventOf(await lookWithTestEvent())).toMatchObject([{ level: 'ok' }]);
});

test.each([
  ['auth_url', 'http://127.0.0.1:1/v3', 'keystone.sign-in'],
  ['password', 'not-the-one', 'keystone.sign-in'],
  ['region_name', 'Nowhere', 'keystone.catalog.compute'],
] as const)('openstack.%s is wrong: it is named, and set', async (key, wrong, check) => {
  configure({ openstack: { [key]: wrong } });

  const named = ailments(await look()).find((finding) => finding.check === check);
  configure();

  expect(named).toMatchObject({ level: 'error' });
  expect(`${named?.found} ${named?.repair}`).toContain(`openstack.${key}`);
  expect(ailments(await look())).toEqual([]);
});

test('the role watcher is gone, and with it all that had it: the commands make and give it again', async () => {
  configure();
  await shell('openstack role delete watcher');

  const done = await runPrinted();

  expect(done).toEqual(expect.arrayContaining(['openstack role create watcher']));
  expect(
    done.filter((line) => /^openstack role add --user \w+ --project \w+ watcher$/.test(line)),
  ).toHaveLength(portal.users.all().filter(({ root }) => !root).length);
  await shell('openstack role add --user concertim --project admin watcher');
});

test('the account is no administrator: the command makes it one', async () => {
  await shell('openstack user create --password secret doctor-live');
  await shell('openstack role add --user doctor-live --project admin member');
  configure({ openstack: { username: 'doctor-live', password: 'secret' } });

  const done = await runPrinted();

  expect(done).toContainEqual(expect.stringMatching(/^openstack role add --user \w+ --project \w+ admin$/));
  await shell('openstack user delete doctor-live');
});

test('there is no user cloudkitty, and billing: the command, with a password typed in, makes it', async () => {
  await shell('openstack user set --name cloudkitty-elsewhere cloudkitty');
  configure({ billing: { enabled: true } });

  const done = await runPrinted();

  expect(done).toEqual(['openstack user create --domain default --password-prompt cloudkitty']);
  await shell('openstack user delete cloudkitty');
  await shell('openstack user set --name cloudkitty cloudkitty-elsewhere');
});

test('Gnocchi is in no catalogue: the command, with its address, puts it there', async () => {
  configure();
  const listed = 'endpoint list --service metric --interface public';
  const [[endpoint]] = (await openstackCommands([listed])) as [[{ ID: string; URL: string }]];
  await shell(`openstack endpoint set --disable ${endpoint.ID}`);

  const done = await runPrinted((line) => line.replace(/URL$/, endpoint.URL));

  expect(done).toEqual(['openstack endpoint create --region RegionOne metric public URL']);
  const [both] = (await openstackCommands([listed])) as [{ ID: string }[]];
  const [made] = both.filter(({ ID }) => ID !== endpoint.ID);
  await shell(`openstack endpoint delete ${made?.ID}`);
  await shell(`openstack endpoint set --enable ${endpoint.ID}`);
});

test('no archive policy keeps means: the command makes one', async () => {
  configure();
  // Those that do are in use and cannot be taken away: they are not shown.
  proxies.rewrite = (path, answer) => {
    if (path !== '/v1/archive_policy') return answer;
    const policies = JSON.parse(answer) as { name: string; aggregation_methods: string[] }[];
    const shown = policies.filter(
      ({ name, aggregation_methods: methods }) => name === 'concertim' || !methods.includes('mean'),
    );
    return JSON.stringify(shown);
  };

  const done = await runPrinted();

  expect(done).toEqual([expect.stringMatching(/^gnocchi archive-policy create .* -m mean concertim$/)]);
  // Gnocchi's own command asks for an answer in JSON, which is none, and is refused.
  await using patient = admit(loadConfigWithSettings({ file, env: {} }));
  const path = '/archive_policy/concertim';
  await patient.cloud.request('metric', { method: 'DELETE', path, route: path, headers: { accept: '*/*' } });
});

/** The configuration that is right, but for these keys. */
function configure(wrong: Record<string, Record<string, unknown>> = {}): void {
  const whole: Record<string, unknown> = { ...settings };
  for (const [section, keys] of Object.entries(wrong))
    whole[section] = { ...(whole[section] as object | undefined), ...keys };
  writeFileSync(file, stringify(whole), { mode: 0o600 });
}

async function look(): Promise<Diagnosis> {
  await using patient = admit(loadConfigWithSettings({ file, env: {} }));
  return await examine(patient, never);
}

async function lookWithTestEvent(): Promise<Diagnosis> {
  await using patient = admit(loadConfigWithSettings({ file, env: {} }));
  return await examineTestEvent(patient, await examine(patient, never), never);
}

const testEventOf = ({ findings }: Diagnosis) =>
  findings.filter(({ check }) => check === 'rabbitmq.test-event');

/** Runs what is printed until all is well: one may be what the next stands on. @returns what was printed and run */
async function runPrinted(filledIn = (line: string) => line): Promise<string[]> {
  const done: string[] = [];
  for (let round = 0; round < 3; round++) {
    const printed = ailments(await look()).flatMap(({ repair }) => commandsIn(repair ?? ''));
    for (const line of printed) await shell(filledIn(line));
    done.push(...printed);
    if (printed.length === 0) break;
  }
  expect(ailments(await look())).toEqual([]);
  return done;
}

/** With the credentials in the environment. What asks for a password is given one at a terminal. */
async function shell(line: string): Promise<void> {
  if (line.includes('--password-prompt')) await typePasswords(line);
  else await run('sh', ['-c', line]);
}

/** Types only once the command prompts: it discards earlier input. */
async function typePasswords(line: string): Promise<void> {
  const child = spawn('sh', ['-c', `exec script -qec '${line}' /dev/null`], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdout.setEncoding('utf8').on('data', (shown: string) => {
    for (const _ of shown.matchAll(/assword:/g)) child.stdin.write('typed\n');
  });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${line} ended with ${code}`);
}
