import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ManualClock } from '../../test/support/manual-clock.ts';
import { Health } from './health.ts';
import { createLogger } from './logger.ts';
import { readHealth } from './sign.ts';
import { VitalSigns } from './vital-signs.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'concertim-signs-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function start(into: string) {
  const clock = new ManualClock();
  const health = new Health({ component: 'metrics', clock, everyMs: 15_000 });
  const logged: string[] = [];
  const stop = new AbortController();
  const signs = new VitalSigns({
    read: () => [health.read()],
    folder: into,
    systemd: undefined,
    clock,
    log: createLogger({ level: 'info', format: 'json', output: { write: (line) => logged.push(line) } }),
  });
  const running = signs.run(stop.signal);
  return {
    clock,
    health,
    logged,
    /** Until it has looked, and waits for the next time. */
    async looked(times: number) {
      while (clock.slept.length < times) await new Promise((resolve) => setImmediate(resolve));
    },
    async end() {
      stop.abort();
      await running;
      await signs.end();
    },
  };
}

test('the state of a component can be read, and a change of it within a second', async () => {
  const signs = start(folder);
  await signs.looked(1);
  const [before] = await readHealth(folder, 'metrics', signs.clock.now());
  signs.health.succeeded();
  signs.clock.advance(1_000);
  await signs.looked(2);

  const [after] = await readHealth(folder, 'metrics', signs.clock.now());
  await signs.end();

  expect(before).toEqual({ component: 'metrics', ready: false, failing: false, status: 'starting' });
  expect(after).toEqual({ component: 'metrics', ready: true, failing: false, status: 'works' });
  expect(readdirSync(folder)).toEqual([]);
});

test('a sign that is not renewed is one of a process that ended, or hangs', async () => {
  const signs = start(folder);
  await signs.looked(1);
  signs.health.succeeded();
  signs.clock.advance(1_000);
  await signs.looked(2);
  const writtenAt = signs.clock.now();

  const [soon] = await readHealth(folder, 'metrics', writtenAt + 35_000);
  const [late] = await readHealth(folder, 'metrics', writtenAt + 35_001);
  await signs.end();

  expect(soon?.ready).toBe(true);
  expect(late).toMatchObject({
    ready: false,
    status: expect.stringMatching(/^has given no sign of life since 2/),
  });
});

test('a clock that is set back does not keep it from giving signs', async () => {
  const signs = start(folder);
  await signs.looked(1);
  signs.clock.setBack(3_600_000);
  const [before] = await readHealth(folder, 'metrics', signs.clock.now());

  signs.clock.advance(1_000);
  await signs.looked(2);
  const [after] = await readHealth(folder, 'metrics', signs.clock.now());
  await signs.end();

  expect(before?.status).toMatch(/^has given no sign of life since /);
  expect(after?.status).toBe('starting');
});

test('a component without a sign does not run', async () => {
  expect(await readHealth(folder, 'metrics', 0)).toEqual([
    { component: 'metrics', ready: false, failing: false, status: 'does not run' },
  ]);
});

test('a second process of a component is seen beside the first, and takes its place when it ends', async () => {
  const first = start(folder);
  await first.looked(1);
  const second = start(folder);
  await second.looked(1);
  first.health.succeeded();
  second.health.standsBy();
  for (const each of [first, second]) {
    each.clock.advance(1_000);
    await each.looked(2);
  }

  const both = await readHealth(folder, 'metrics', first.clock.now());
  await first.end();
  second.health.succeeded();
  second.clock.advance(1_000);
  await second.looked(3);
  const one = await readHealth(folder, 'metrics', second.clock.now());
  await second.end();

  expect(both.map(({ status }) => status)).toEqual([
    'works',
    'standby: another process writes to the portal',
  ]);
  expect(one).toEqual([{ component: 'metrics', ready: true, failing: false, status: 'works' }]);
  expect(readdirSync(folder)).toEqual([]);
});

test('a folder that cannot be written is reported once, and stops nothing', async () => {
  const taken = join(folder, 'file');
  writeFileSync(taken, '');
  const signs = start(join(taken, 'health'));
  await signs.looked(1);

  signs.clock.advance(10_000);
  await signs.looked(2);
  signs.clock.advance(10_000);
  await signs.looked(3);
  await signs.end().catch(() => {});

  expect(signs.logged).toHaveLength(1);
  expect(signs.logged[0]).toContain('failed to write health file');
});
