import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from './clock.ts';
import { describePause, WritePause } from './write-pause.ts';

let folder: string;
const pauseIn = (dataDir: string | undefined) => new WritePause({ dataDir, clock: systemClock });
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pause-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('a pause that one process begins is seen by others, also by those that start later', async () => {
  const other = pauseIn(folder);
  const before = await other.look();

  await pauseIn(folder).begin('upgrade of the portal');

  expect(before).toBeUndefined();
  expect(await other.look()).toMatchObject({ reason: 'upgrade of the portal' });
  expect(readFileSync(join(folder, 'paused'), 'utf8')).toBe('upgrade of the portal\n');
});

test('an empty file made by hand is a pause without a reason', async () => {
  writeFileSync(join(folder, 'paused'), '');

  const paused = await pauseIn(folder).look();

  expect(paused).toEqual({ since: expect.any(Number), reason: undefined });
});

test('removing the file ends the pause, and removing it twice does no harm', async () => {
  const one = pauseIn(folder);
  await one.begin();

  await pauseIn(folder).end();
  await pauseIn(folder).end();

  expect(await one.look()).toBeUndefined();
  expect(readdirSync(folder)).toEqual([]);
});

test('a folder that is not there yet is made', async () => {
  const later = join(folder, 'not', 'yet');

  await pauseIn(later).begin();

  expect(await pauseIn(later).look()).toBeDefined();
});

test('a folder that cannot be looked into ends no pause', async () => {
  const file = join(folder, 'data');
  const one = pauseIn(file);
  await one.begin();

  rmSync(file, { recursive: true });
  writeFileSync(file, 'a file where the folder was');

  expect(await one.look()).toBeDefined();
});

test('without a folder the process alone knows of it', async () => {
  const one = pauseIn(undefined);

  await one.begin('x');

  expect(await one.look()).toMatchObject({ reason: 'x' });
  expect(await pauseIn(undefined).look()).toBeUndefined();
  await one.end();
  expect(await one.look()).toBeUndefined();
});

test.each([200, 201])(
  'of a reason of %i characters 200 are shown, and no terminal obeys it',
  async (length) => {
    await pauseIn(folder).begin('x'.repeat(length));
    const long = await pauseIn(folder).look();
    await pauseIn(folder).begin('\u001b]0;x\u0007');
    const hostile = await pauseIn(folder).look();

    expect(long?.reason).toHaveLength(200);
    expect(hostile?.reason).toBe('\\u{1b}]0;x\\u{7}');
  },
);

test('it is described with its time and reason', () => {
  expect(describePause({ since: Date.UTC(2026, 10, 22, 12), reason: undefined })).toBe(
    'paused since 2026-11-22T12:00:00.000Z',
  );
  expect(describePause({ since: Date.UTC(2026, 10, 22, 12), reason: 'upgrade' })).toBe(
    'paused since 2026-11-22T12:00:00.000Z: upgrade',
  );
});
