import { mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Secret } from '../runtime/secret.ts';
import { GrantFile } from './grant-file.ts';
import type { Release } from './profile.ts';

const of = { url: 'https://portal', login: 'admin', password: new Secret('canary') };
const grant = { token: new Secret('a.b.c'), renewAt: 1_000 };

function freshPath(): string {
  return join(mkdtempSync(join(tmpdir(), 'grant-')), 'data', 'token.json');
}

test('what was written is read again, by its owner alone', async () => {
  const path = freshPath();

  await new GrantFile(path, of).write({ ...grant, release: '1.2' });
  const read = await new GrantFile(path, of).read();

  expect(read?.release).toBe('1.2');
  expect(read?.token.reveal()).toBe('a.b.c');
  expect(read?.renewAt).toBe(1_000);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readdirSync(join(path, '..'))).toEqual(['token.json']);
});

test('a release that this version does not know is not known', async () => {
  const path = freshPath();
  await new GrantFile(path, of).write({ ...grant, release: '9.0' as Release });

  expect(await new GrantFile(path, of).read()).toMatchObject({ renewAt: 1_000, release: undefined });
});

test('the token of another portal, another user or another password is none', async () => {
  const path = freshPath();
  await new GrantFile(path, of).write(grant);

  expect(await new GrantFile(path, { ...of, url: 'https://elsewhere' }).read()).toBeUndefined();
  expect(await new GrantFile(path, { ...of, login: 'other' }).read()).toBeUndefined();
  expect(await new GrantFile(path, { ...of, password: new Secret('mistyped') }).read()).toBeUndefined();
  expect(readFileSync(path, 'utf8')).not.toContain('canary');
});

test('a file that is not there, is spoilt or cannot be written is no error', async () => {
  const path = freshPath();
  const under = new GrantFile(join('/dev/null', 'token.json'), of);

  expect(await new GrantFile(path, of).read()).toBeUndefined();
  await under.write(grant);
  await new GrantFile(path, of).write(grant);
  writeFileSync(path, '{"url":');

  expect(await under.read()).toBeUndefined();
  expect(await new GrantFile(path, of).read()).toBeUndefined();
});
