import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createLogger } from '../observability/logger.ts';
import { systemClock } from '../runtime/clock.ts';
import { aborted } from '../runtime/pause.ts';
import { LockFile } from './writer-lock-file.ts';

/** Real time, a hundred times as fast for whoever sleeps. */
const clock = {
  now: () => systemClock.now(),
  sleep: (ms: number, signal?: AbortSignal) => systemClock.sleep(ms / 100, signal),
};
const log = createLogger({ level: 'critical', format: 'json' });
let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lock-'));
  path = join(folder, 'data', 'writer.lock');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Holds the lock until it is stopped, and notes when it has it. */
function holder() {
  const stop = new AbortController();
  const began = Promise.withResolvers<AbortSignal>();
  const lock = new LockFile(path, { clock, log });
  const ended = lock.hold(async (held) => {
    began.resolve(held);
    await aborted(held);
  }, stop.signal);
  return { began: began.promise, ended, stop: () => stop.abort() };
}

/** Touches the lock as if it were so many seconds later. */
function touch(seconds: number): void {
  const at = systemClock.now() / 1000 + seconds;
  utimesSync(path, at, at);
}

async function isPending(promise: Promise<unknown>, ms = 100): Promise<boolean> {
  return Promise.race([promise.then(() => false), systemClock.sleep(ms).then(() => true)]);
}

test('of two the second waits until the first has ended', async () => {
  const first = holder();
  await first.began;
  const second = holder();

  expect(await isPending(second.began)).toBe(true);
  first.stop();
  await second.began;

  second.stop();
  await Promise.all([first.ended, second.ended]);
  expect(existsSync(path)).toBe(false);
});

test.each([
  ['a minute ago', -60],
  ['an hour from now, by a clock that was ahead', 3_600],
])('a lock whose holder has died %s is taken over', async (_, seconds) => {
  mkdirSync(join(folder, 'data'));
  writeFileSync(path, 'another host 1 x');
  touch(seconds);
  const second = holder();

  await second.began;

  expect(readFileSync(path, 'utf8')).not.toBe('another host 1 x');
  second.stop();
  await second.ended;
});

test('one that is touched is not, though its holder has another time', async () => {
  mkdirSync(join(folder, 'data'));
  writeFileSync(path, 'another host 1 x');
  let beats = 0;
  const beating = setInterval(() => touch(beats++ - 3_600), 20);
  const second = holder();

  expect(await isPending(second.began, 500)).toBe(true);

  clearInterval(beating);
  await second.began;
  second.stop();
  await second.ended;
});

test('where none can be made it is said why, and what to do', async () => {
  writeFileSync(join(folder, 'data'), 'no folder');

  const { ended } = holder();

  await expect(ended).rejects.toMatchObject({
    message: `The lock file ${path} cannot be made (ENOTDIR).`,
    hint: expect.stringContaining('set another one'),
    severity: 'fatal',
  });
});

test('who loses the lock stops writing, and stands by', async () => {
  const first = holder();
  const held = await first.began;

  writeFileSync(path, 'another host 1 x');
  await aborted(held);

  expect(readFileSync(path, 'utf8')).toBe('another host 1 x');
  first.stop();
  await first.ended;
});
