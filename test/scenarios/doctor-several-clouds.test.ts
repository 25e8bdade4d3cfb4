/** `doctor` where the portal shows several clouds. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadConfigWithSettings } from '../../src/config/load.ts';
import { describeDiagnosis } from '../../src/doctor/describe.ts';
import { examine } from '../../src/doctor/examine.ts';
import { admit } from '../../src/doctor/patient.ts';
import { password } from '../../src/sandbox/population.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';
import { yamlOfClouds } from '../support/config-of-clouds.ts';
import { ailments } from '../support/doctor.ts';
import { takeDown } from '../support/two-clouds.ts';

async function startSeveral() {
  const size = { pace: 0, projects: 1, stacks: 1, servers: 1 };
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
