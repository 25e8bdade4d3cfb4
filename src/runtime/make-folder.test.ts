import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeFolder } from './make-folder.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'concertim-folder-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

test('a folder is made with those above it, and left as it is when it is there', () => {
  const path = join(folder, 'var', 'data', 'health');

  makeFolder(path);
  makeFolder(path);

  expect(existsSync(path)).toBe(true);
});

test('below a file no folder can be made, and the error says so', () => {
  writeFileSync(join(folder, 'var'), '');

  expect(() => makeFolder(join(folder, 'var', 'data'))).toThrow('ENOTDIR');
});

test('below a folder that was deleted while it is in use an error comes, and comes at once', () => {
  // A folder that is in use cannot be deleted from a thread of the tests: it takes a process with such a working folder.
  const program = `
    import { mkdtempSync, rmdirSync } from 'node:fs';
    import { makeFolder } from ${JSON.stringify(new URL('make-folder.ts', import.meta.url))};
    const gone = mkdtempSync(${JSON.stringify(join(folder, 'gone-'))});
    process.chdir(gone);
    rmdirSync(gone);
    try {
      makeFolder('health');
    } catch (error) {
      console.log(error.code);
    }`;

  const { stdout, signal } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
    encoding: 'utf8',
    timeout: 30_000,
  });

  expect({ stdout, signal }).toEqual({ stdout: 'ENOENT\n', signal: null });
});
