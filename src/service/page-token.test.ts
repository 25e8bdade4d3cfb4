import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ownPageToken, pageTokenFile } from './page-token.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'page-token-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('the token is made once, for the user of the service alone, and stays over a restart', () => {
  const dataDir = join(folder, 'data');

  const first = ownPageToken(dataDir).reveal();
  const second = ownPageToken(dataDir).reveal();

  expect(first).toMatch(/^[\w-]{32}$/);
  expect(second).toBe(first);
  expect(readFileSync(join(dataDir, pageTokenFile), 'utf8').trim()).toBe(first);
  expect(statSync(join(dataDir, pageTokenFile)).mode & 0o777).toBe(0o600);
});

test.each(['', 'short\n'])('a file with %j in it opens nothing', (text) => {
  writeFileSync(join(folder, pageTokenFile), text);

  expect(() => ownPageToken(folder)).toThrow('holds no token');
});
