import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { weaknessesOf } from './advisories.ts';
import { root } from './command.ts';
import { lockedPackages } from './licences.ts';

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<
  string,
  Record<string, string>
>;
const packages = lockedPackages();

const permissive = ['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'BlueOak-1.0.0', 'ISC', 'MIT'];

test('every version is one exact version', () => {
  const versions = Object.values({ ...manifest['dependencies'], ...manifest['devDependencies'] });

  expect(versions.filter((version) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
});

test('every package in the lock file has the sum of what is installed', () => {
  expect(packages.length).toBeGreaterThan(100);
  expect(
    packages.filter(({ integrity }) => !integrity?.startsWith('sha512-')).map(({ name }) => name),
  ).toEqual([]);
});

test('every package comes from the configured registry: none from an address, a repository or a folder', () => {
  expect(packages.flatMap(({ name, resolved }) => (resolved ? [`${name}: ${resolved}`] : []))).toEqual([]);
});

test('nothing runs while it is installed but what puts Node there, and only that is allowed to', () => {
  expect(packages.filter(({ hasInstallScript }) => hasInstallScript).map(({ name }) => name)).toEqual([
    'node',
  ]);
  expect(manifest['allowScripts']).toEqual({ node: true });
});

test('what is installed with the service has a permissive licence', () => {
  const others = packages.filter(
    ({ isForDevelopment, licence = 'none' }) => !isForDevelopment && !permissive.includes(licence),
  );

  expect(others.map(({ name, licence }) => `${name}: ${licence}`)).toEqual([]);
});

test('no locked package has a weakness that is known offline', () => {
  expect(weaknessesOf(packages)).toEqual([]);
});

test.each([
  ['1.9.9', []],
  ['2.0.0', ['A-1: x 2.0.0']],
  ['2.9.0', ['A-1: x 2.9.0']],
  ['2.10.0', []],
])('of a weakness from 2.0.0 on that 2.10.0 mends, %s has %j', (version, expected) => {
  const advisories = { x: [{ id: 'A-1', affected: [['2.0.0', '2.10.0']] }] };

  expect(weaknessesOf([{ name: 'x', version }], advisories)).toEqual(expected);
});
