import { expect, test } from 'vitest';
import { Pace, SharedPace } from './pace.ts';

/** Answers of a server that takes `fixedMs`, and `eachMs` more for each request in flight. */
function settle(
  pace: Pace,
  { fixedMs, eachMs }: { fixedMs: number; eachMs: number },
  answers = 5_000,
): number {
  for (let count = 0; count < answers; count++) pace.note(fixedMs + eachMs * pace.limit);
  return pace.limit;
}

test('far away and idle: as many at once as there may be', () => {
  expect(settle(new Pace(64), { fixedMs: 20, eachMs: 0 })).toBe(64);
});

test('near and busy: no more than keep it busy', () => {
  const limit = settle(new Pace(64), { fixedMs: 0, eachMs: 1 });

  expect(limit).toBeGreaterThanOrEqual(8);
  expect(limit).toBeLessThanOrEqual(48);
});

test('a daemon that becomes slow gets fewer requests, and more again when it recovers', () => {
  const pace = new Pace(64);
  settle(pace, { fixedMs: 5, eachMs: 0 });

  const slow = settle(pace, { fixedMs: 500, eachMs: 0 }, 200);
  const recovered = settle(pace, { fixedMs: 5, eachMs: 0 });

  expect(slow).toBeLessThan(20);
  expect(recovered).toBe(64);
});

test('several senders share the pace: what one does not use any more, the other has', () => {
  const shared = new SharedPace(64);
  using north = shared.join();
  const alone = north.limit;
  const south = shared.join();
  const together = [north.limit, south.limit];
  south[Symbol.dispose]();

  expect(alone).toBe(new Pace(64).limit);
  expect(together).toEqual([alone / 2, alone / 2]);
  expect(north.limit).toBe(alone);
});
