import { expect, test } from 'vitest';
import { ManualClock } from '../../test/support/manual-clock.ts';
import { seededRandom } from '../runtime/random.ts';
import { ServiceError } from '../runtime/severity.ts';
import { Absence } from './absence.ts';
import type { ListedCloud } from './observe-cloud.ts';

const lists = {} as ListedCloud;
const minute = 60_000;

function absence(severity: 'transient' | 'fatal' = 'transient') {
  const clock = new ManualClock();
  const error = new ServiceError('refused', { severity });
  const absent = new Absence({ clock, random: seededRandom(1) });
  absent.failed(error);
  return { clock, absent, error, fail: () => Promise.reject(error) };
}

test('trials are at most about a minute apart, and soon after the first failure', async () => {
  const { clock, absent, fail } = absence();
  const first = absent.untilTrialMs;
  const waits: number[] = [];
  for (let trials = 0; trials < 20; trials++) {
    clock.advance(absent.untilTrialMs);
    expect(await absent.try(fail)).toBe(false);
    waits.push(absent.untilTrialMs);
  }

  expect(first).toBeGreaterThanOrEqual(2_000);
  expect(first).toBeLessThanOrEqual(7_000);
  expect(Math.max(...waits)).toBeGreaterThan(minute / 2);
  expect(Math.max(...waits)).toBeLessThanOrEqual(minute + 2_000);
  expect(absent.isOver).toBe(false);
});

test('an account that Keystone refuses is not tried again soon, since that might lock it', () => {
  expect(absence('fatal').absent.untilTrialMs).toBe(150_000);
});

test('during a trial none is due, and after a successful one neither', async () => {
  const { absent } = absence();
  let end = () => {};
  const trial = absent.try(() => new Promise((resolve) => (end = () => resolve(lists))));
  const during = absent.untilTrialMs;
  end();

  expect(await trial).toBe(true);
  expect([during, absent.untilTrialMs]).toEqual([Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]);
  expect(absent.isOver).toBe(true);
});

test('the lists of a trial are taken once', async () => {
  const { absent } = absence();

  await absent.try(async () => lists);

  expect(absent.take()).toBe(lists);
  expect(absent.take()).toBeUndefined();
});

test('lists that are old, or lack what was announced meanwhile, are not taken', async () => {
  const { clock, absent } = absence();
  await absent.try(async () => lists);
  clock.advance(minute);
  const old = absent.take();
  await absent.try(async () => {
    absent.outdate();
    return lists;
  });

  expect([old, absent.take()]).toEqual([undefined, undefined]);
  expect(absent.isOver).toBe(true);
});

test('a trial that is stopped counts as none', async () => {
  const { clock, absent, fail } = absence();
  clock.advance(absent.untilTrialMs);

  await absent.try(fail, AbortSignal.abort());

  expect(absent.untilTrialMs).toBe(0);
});
