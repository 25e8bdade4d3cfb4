/** `doctor` where the portal shows several clouds. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { configFromValues, loadConfigWithSettings } from '../../src/config/load.ts';
import { describeDiagnosis } from '../../src/doctor/describe.ts';
import { examine } from '../../src/doctor/examine.ts';
import { admit } from '../../src/doctor/patient.ts';
import { password } from '../../src/sandbox/population.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';
import { command } from '../support/command.ts';
import { yamlOfClouds } from '../support/config-of-clouds.ts';
import { ailments } from '../support/doctor.ts';
import { takeDown } from '../support/two-clouds.ts';

const size = { pace: 0, projects: 1, stacks: 1, servers: 1 };

async function startSeveral() {
  const north = await startSandbox({ ...size, seed: 1 });
  const south = await startSandbox({ ...size, seed: 2 });
  for (const { login, user, project } of south.population.accounts) {
    const ids = { cloud_user_id: user.id, project_id: project.id };
    north.portal.addUser({ login: `south-${login}`, password, ...ids });
  }
  const folder = mkdtempSync(join(tmpdir(), 'doctor-'));
  const file = join(folder, 'config.yaml');
  const write = (clouds: Readonly<Record<string, Sandbox>>) =>
    writeFileSync(file, yamlOfClouds(clouds, { data_dir: folder, api: { host: '127.0.0.1' } }), {
      mode: 0o600,
    });
  write({ north, south });
  return {
    north,
    south,
    write,
    file,
    async examine() {
      await using patient = admit(loadConfigWithSettings({ file, env: {} }));
      return await examine(patient, new AbortController().signal);
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([north.close(), south.close()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

test('each cloud is looked at with the owners whose projects it has, and the portal once', async () => {
  await using several = await startSeveral();

  const diagnosis = await several.examine();

  expect(ailments(diagnosis)).toEqual([]);
  expect(diagnosis.unchecked).toEqual([]);
  const clouds = (wanted: string) =>
    diagnosis.findings.filter(({ check }) => check === wanted).map(({ cloud }) => cloud);
  expect(clouds('keystone.sign-in')).toEqual(['north', 'south']);
  expect(clouds('concertim.sign-in')).toEqual([undefined]);
});

test('an owner whose project no cloud has is told once', async () => {
  await using several = await startSeveral();
  several.north.portal.addUser({
    login: 'stray',
    password,
    cloud_user_id: 'abcdef0123456789abcdef0123456789',
    project_id: '0123456789abcdef0123456789abcdef',
  });

  const astray = ailments(await several.examine()).filter(({ check }) => check === 'keystone.projects');

  expect(astray.map(({ cloud, found }) => [cloud, found.includes('stray')])).toEqual([[undefined, true]]);
});

test('while one cloud is away the other is examined, and the text says which it is', async () => {
  await using several = await startSeveral();
  takeDown(several.south);

  const diagnosis = await several.examine();

  const errors = ailments(diagnosis);
  expect(errors.map(({ cloud, check }) => `${cloud} ${check}`)).toEqual(['south keystone.sign-in']);
  expect(new Set(diagnosis.unchecked.map(({ cloud }) => cloud))).toEqual(new Set(['south']));
  const text = describeDiagnosis(diagnosis);
  expect(text).toMatch(/✗ south: keystone\.sign-in /);
  expect(text).toMatch(/✓ north: keystone\.sign-in /);
});

test('one cloud in a list is told without its name', async () => {
  await using several = await startSeveral();
  several.write({ north: several.north });

  const { findings, unchecked } = await several.examine();

  expect([...findings, ...unchecked].filter(({ cloud }) => cloud !== undefined)).toEqual([]);
});

test('rows of the portal that cannot be read are told once', async () => {
  await using several = await startSeveral();
  several.north.faults.add({
    service: 'concertim',
    method: 'GET',
    path: /devices/,
    kind: 'rewrite',
    rewrite: (body) => [...(body as object[]), { id: 'odd', name: 'odd' }],
  });

  const { findings } = await several.examine();

  const told = findings.filter(({ check }) => check === 'concertim.rows');
  expect(told.map(({ cloud, found }) => [cloud, found.includes('device odd')])).toEqual([[undefined, true]]);
});

test('keys are named as they stand in the file', async () => {
  await using several = await startSeveral();
  several.south.faults.add({ service: 'keystone', kind: 'answer', status: 401 });

  const diagnosis = await several.examine();

  const { found, repair } = ailments(diagnosis).find(({ cloud }) => cloud === 'south') ?? {};
  expect(found).toContain('Keystone');
  expect(repair).toContain('Set clouds[1].openstack.auth_url, clouds[1].openstack.username,');
  const advice = diagnosis.findings.filter(({ check }) => check.startsWith('rabbitmq'));
  expect(advice.map((finding) => finding.found)).toEqual([
    'clouds[0].rmq.rmq_address is not set',
    'clouds[1].rmq.rmq_address is not set',
  ]);
});

test('--fix puts right in one cloud what is wrong there, and nothing in the other', async () => {
  await using several = await startSeveral();
  const watchers = ({ cloud: { identity } }: Sandbox) =>
    identity.roles.filter(({ name }) => name === 'watcher');
  const { identity } = several.south.cloud;
  const [lost] = watchers(several.south);
  if (lost) identity.deleteRole(lost);
  const ofNorth = watchers(several.north);

  const { stderr } = await command('doctor', '--fix', '--yes', '--config', several.file).finished;

  expect(stderr).toContain('done: create role watcher in cloud south');
  expect(stderr.match(/^done: .*(?<! in cloud south)$/gm)).toBe(null);
  expect(watchers(several.south)).toHaveLength(1);
  expect(watchers(several.north)).toEqual(ofNorth);
});

test('of two regions of one Keystone each is looked at, and Keystone once', async () => {
  await using sandbox = await startSandbox({ ...size, clouds: ['north', 'south'], sharedKeystone: true });
  const [north, south] = sandbox.clouds;
  if (!south) throw new Error('the sandbox has one cloud');
  const clouds = [north, south].map(({ name, config }) => ({ name, ...config }));
  const config = configFromValues({
    clouds,
    concertim: sandbox.config.concertim,
    api: { host: '127.0.0.1' },
  });
  await using patient = admit({ config, file: 'config.yaml' });

  const diagnosis = await examine(patient, new AbortController().signal);

  const cloudsOf = (wanted: string) =>
    diagnosis.findings.filter(({ check }) => check === wanted).map(({ cloud }) => cloud);
  // There is no file.
  const ailing = ailments(diagnosis).filter(({ check }) => check !== 'config');
  expect(ailing.map(({ check, found }) => `${check}: ${found}`)).toEqual([]);
  expect(cloudsOf('keystone.roles')).toEqual(['north']);
  expect(cloudsOf('nova.microversion')).toEqual(['north', 'south']);
  expect(cloudsOf('keystone.sign-in')).toEqual(['north', 'south']);
});
