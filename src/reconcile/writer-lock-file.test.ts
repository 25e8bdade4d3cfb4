import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createLogger } from '../observability/logger.ts';
import { systemClock } from '../runtime/clock.ts';
import { aborted } from '../runtime/pause.ts';
import { identityOfProcess, identityText } from './process-identity.ts';
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
    message: `The lock file ${path} cannot be created (ENOTDIR).`,
    hint: expect.stringContaining('set another data_dir'),
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

/** Starts a process on this host. Its identity is what a lock records. */
async function startProcess() {
  const child = spawn('sleep', ['600']);
  await once(child, 'spawn');
  const identity = await identityOfProcess(child.pid ?? 0);
  if (!identity) throw new Error('no /proc');
  return {
    identity,
    async kill() {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

function writeLock(text: string): void {
  mkdirSync(join(folder, 'data'), { recursive: true });
  writeFileSync(path, text);
}

/** How many seconds a process waits for a lock that nobody renews, trying once a second. */
async function secondsUntilTaken(): Promise<number> {
  let sleeps = 0;
  const counting = {
    now: clock.now,
    sleep: (ms: number, signal?: AbortSignal) => (sleeps++, clock.sleep(ms, signal)),
  };
  const stop = new AbortController();
  let taken = Number.POSITIVE_INFINITY;
  await new LockFile(path, { clock: counting, log }).hold(async () => {
    taken = sleeps;
    stop.abort();
  }, stop.signal);
  return taken;
}

test('the lock of a process of this host that was killed is taken at once', async () => {
  const holder = await startProcess();
  writeLock(`host 1 x ${identityText(holder.identity)}`);
  await holder.kill();

  expect(await secondsUntilTaken()).toBe(0);
});

test.each([
  ['lives', {}],
  ['ran on another host, or before the last boot', { boot: '00000000-0000-4000-8000-000000000000' }],
  ['ran in another container', { namespace: 'pid:[1]' }],
])('that of one that %s is watched for fifteen seconds first', async (_, others) => {
  const holder = await startProcess();
  writeLock(`host 1 x ${identityText({ ...holder.identity, ...others })}`);
  if (Object.keys(others).length > 0) await holder.kill();

  expect(await secondsUntilTaken()).toBeGreaterThanOrEqual(15);

  if (Object.keys(others).length === 0) await holder.kill();
});

test('a process that has got the pid of a dead one does not hold its lock', async () => {
  const holder = await startProcess();
  writeLock(`host 1 x ${identityText({ ...holder.identity, begun: '1' })}`);

  expect(await secondsUntilTaken()).toBe(0);

  await holder.kill();
});

test('of twenty who find the lock of a dead process one has it at a time', async () => {
  const dead = await startProcess();
  writeLock(`host 1 x ${identityText(dead.identity)}`);
  await dead.kill();
  let holding = 0;
  let most = 0;
  let had = 0;

  await Promise.all(
    Array.from({ length: 20 }, async () => {
      const stop = new AbortController();
      await new LockFile(path, { clock, log }).hold(async () => {
        most = Math.max(most, ++holding);
        had++;
        await systemClock.sleep(5);
        holding--;
        stop.abort();
      }, stop.signal);
    }),
  );

  expect({ most, had }).toEqual({ most: 1, had: 20 });
});
