import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { root } from './command.ts';

/** A clone of two files, and an npm that does what each test wants. */
let clone: string;

beforeEach(() => {
  clone = mkdtempSync(join(tmpdir(), 'bootstrap-'));
  for (const file of ['scripts/bootstrap.mjs', 'bin/pinned-node.mjs'])
    cpSync(join(root, file), join(clone, file));
  writeFileSync(join(clone, 'package-lock.json'), '{}');
  writeFileSync(
    join(clone, 'hello.mjs'),
    'console.log("hello", ...process.argv.slice(2)); process.exitCode = 3;',
  );
  npm(`mkdir -p node_modules/.bin && ln -sf '${process.execPath}' node_modules/.bin/node
    touch node_modules/.package-lock.json && echo noise`);
});

afterEach(() => {
  rmSync(clone, { recursive: true });
});

function npm(script: string): void {
  mkdirSync(join(clone, 'path'), { recursive: true });
  writeFileSync(join(clone, 'path/npm'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}

function bootstrap(...args: string[]) {
  const env = { PATH: `${join(clone, 'path')}:/usr/bin:/bin` };
  const script = join(clone, 'scripts/bootstrap.mjs');
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], {
    env,
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

test('what may be the first command in a clone installs what it needs', () => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  const first = ['prestart', 'start', 'test', 'check', 'build', 'install:systemd', 'release'];

  for (const name of first) expect(scripts[name]).toMatch(/^node scripts\/bootstrap\.mjs /);
  expect(scripts['prepack']).toBe('npm run build');
});

test('a bare clone is installed, then the script runs with its arguments and its exit code', () => {
  expect(bootstrap('hello.mjs', 'a', 'b')).toEqual({
    status: 3,
    stdout: 'hello a b\n',
    stderr: 'Installing what this needs (npm ci), once …\n',
  });
});

test('what is installed is not installed again', () => {
  bootstrap();
  npm('exit 9');

  expect(bootstrap('hello.mjs')).toEqual({ status: 3, stdout: 'hello\n', stderr: '' });
});

test('a lock file that is newer than what is installed is installed', () => {
  bootstrap();
  const soon = Date.now() / 1000 + 60;
  utimesSync(join(clone, 'package-lock.json'), soon, soon);

  expect(bootstrap('hello.mjs').stderr).toContain('Installing');
});

test('of several side by side one installs, and the others wait for it', async () => {
  npm(`echo installed >> '${join(clone, 'installed')}'; sleep 1
    mkdir -p node_modules/.bin && ln -sf '${process.execPath}' node_modules/.bin/node
    touch node_modules/.package-lock.json`);
  const env = { PATH: `${join(clone, 'path')}:/usr/bin:/bin` };

  const codes = await Promise.all(
    ['a', 'b', 'c'].map(async (word) => {
      const script = [join(clone, 'scripts/bootstrap.mjs'), 'hello.mjs', word];
      const [code] = await once(spawn(process.execPath, script, { env, stdio: 'ignore' }), 'close');
      return code as number;
    }),
  );

  expect(codes).toEqual([3, 3, 3]);
  expect(readFileSync(join(clone, 'installed'), 'utf8')).toBe('installed\n');
  expect(existsSync(join(clone, '.installing'))).toBe(false);
});

test('one that was interrupted while it installed keeps nobody off', () => {
  const { pid } = spawnSync('true');
  writeFileSync(join(clone, '.installing'), String(pid));

  expect(bootstrap('hello.mjs').status).toBe(3);
});

test('when npm ci fails its words are shown, with what to look at', () => {
  npm('echo "ENOTFOUND registry" >&2; exit 7');

  const { status, stdout, stderr } = bootstrap('hello.mjs');

  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).toContain('ENOTFOUND registry');
  expect(stderr).toContain('npm ci failed (exit code 7)');
  expect(existsSync(join(clone, '.installing'))).toBe(false);
});

test('an npm that leaves the pinned Node out is said to have its scripts switched off', () => {
  npm('mkdir -p node_modules && touch node_modules/.package-lock.json');

  expect(bootstrap('hello.mjs')).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('ignore-scripts'),
  });
});
