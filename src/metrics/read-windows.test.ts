import { expect, test } from 'vitest';
import { ReadWindows } from './read-windows.ts';

const s = 1000;
const now = 1_000_000 * s;
const every = (gapS: number, until: number) =>
  Array.from({ length: 40 }, (_, index) => ({ at: until - (39 - index) * gapS * s, value: index }));
/** A thousand resources, each polled at another moment of the interval. */
const ids = Array.from({ length: 1_000 }, (_, index) => `r${index}`);
/** Each resource belongs to an instance of its own. */
const how = { granularityMs: 5 * s, now, instanceOf: (id: string) => id };
const seen = (gapS: number) => {
  const windows = new ReadWindows();
  for (const [index, id] of ids.entries())
    windows.observe(id, [every(gapS, now - 7 * s - (index % gapS) * s)], now);
  return windows;
};

test.for([5, 10, 60, 300])('polled every %i s at any moment, all are read in one window', (gapS) => {
  const groups = seen(gapS).plan(ids, how);

  expect(groups).toHaveLength(1);
});

test.for([5, 10, 60, 300])(
  'polled every %i s, none is looked at again because a second has passed',
  (gapS) => {
    const windows = seen(gapS);
    const [{ windowMs } = { windowMs: 0 }] = windows.plan(ids, how);

    expect(windows.tooShort(ids, { ...how, windowMs, now: now + s })).toEqual([]);
  },
);

test('one host that is polled slowly has a longer window, and the others keep theirs', () => {
  const windows = seen(10);
  const before = windows.plan(ids, how)[0]?.windowMs;
  windows.observe('slow', [every(300, now - 7 * s)], now);

  const groups = windows.plan([...ids, 'slow'], how);

  expect(groups.map(({ ids: of }) => of.length)).toEqual([1_000, 1]);
  // Within a second or two: the share that has a common window is counted with one more.
  expect(groups[0]?.windowMs).toBeLessThanOrEqual((before ?? 0) + 2 * s);
  expect(groups[1]?.windowMs).toBeGreaterThanOrEqual(1_200 * s);
});

test('of two interfaces of one instance both are read for the time that the later one has reached', () => {
  const windows = new ReadWindows();
  const [soon, late] = ['soon', 'late'];
  for (const lookedAt of [now - 10 * s, now]) {
    windows.observe(soon, [every(10, lookedAt - 2 * s)], lookedAt);
    windows.observe(late, [every(10, lookedAt - 240 * s)], lookedAt);
  }

  const apart = windows.plan([soon, late], how);
  const together = windows.plan([soon, late], { ...how, instanceOf: () => 'their instance' });

  expect(apart.map(({ ids: of }) => of)).toEqual([[soon, late]]);
  expect(together.find(({ ids: of }) => of.includes(soon))?.windowMs).toBeGreaterThan(340 * s);
});

test('of what is there no more nothing is remembered, neither its points nor that it was looked far back for', () => {
  const windows = seen(10);
  windows.noteFarLook([...ids, 'never measured'], now);

  windows.keepOnly(new Set(['r1']));
  const isKnown = windows.cadenceOf('r1') !== undefined;
  const one = windows.isEmpty;
  windows.keepOnly(new Set());

  expect([isKnown, one, windows.isEmpty]).toEqual([true, false, true]);
});
