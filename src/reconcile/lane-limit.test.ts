import { expect, test } from 'vitest';
import { seededRandom } from '../runtime/random.ts';
import { LaneLimit } from './lane-limit.ts';

/**
 * The lanes after each of `answers` answers; `took` is how long the portal takes with that many requests
 * under way.
 */
function lanesAt(answers: number, took: (lanes: number) => number, seed: number): number[] {
  const random = seededRandom(seed);
  const limit = new LaneLimit();
  return Array.from({ length: answers }, (_, at) => {
    const kind = at % 5 === 0 ? 'create-rack' : 'create-device';
    const byChance = 0.8 + 0.4 * random.next();
    limit.note(kind, (kind === 'create-rack' ? 1 : 2) * took(limit.lanes) * byChance);
    return limit.lanes;
  });
}

/** A portal that works on `processors` requests at once, 17 ms each; `wayMs` is the round trip. */
const portalOf = (processors: number, wayMs: number) => (lanes: number) =>
  Math.max(17 + wayMs, 17 * (lanes / processors));

test.each([
  ['one processor, next to it', portalOf(1, 0), 1, 1],
  ['one processor, 20 ms away', portalOf(1, 20), 2, 3],
  ['three processors', portalOf(3, 0), 3, 4],
  ['many processors', portalOf(100, 20), 5, 5],
])('%s: as many lanes as make it faster, and no more', (_, took, least, most) => {
  for (const seed of [1, 2, 3]) {
    const lanes = lanesAt(2_000, took, seed);
    const late = lanes.slice(1_000).toSorted((a, b) => a - b);
    const median = late[500] ?? 0;

    expect(lanes[0]).toBe(5);
    expect(median).toBeGreaterThanOrEqual(least);
    expect(median).toBeLessThanOrEqual(most);
    expect(late[100]).toBeGreaterThanOrEqual(Math.max(1, least - 1));
    expect(late[900]).toBeLessThanOrEqual(Math.min(5, most + 1));
  }
});

test('where answers come at once, their number is not reduced: it keeps nobody waiting', () => {
  expect(new Set(lanesAt(2_000, (lanes) => 2 * lanes, 1))).toEqual(new Set([5]));
});

/** A portal beside a slow client: each lane less costs a little of the speed, all of them half of it. */
const littleByLittle = (lanes: number) => (17 * lanes) / ([0.5, 0.67, 0.8, 0.92, 1][lanes - 1] ?? 1);

test('steps that cost little each do not cost half of the speed together', () => {
  for (const seed of [1, 2, 3]) {
    const late = lanesAt(2_000, littleByLittle, seed).slice(1_000);

    expect(late.toSorted((a, b) => a - b)[500]).toBeGreaterThanOrEqual(3);
  }
});

test('that answers take longer at first does not make fewer lanes look faster', () => {
  const limit = new LaneLimit();
  const lanes = Array.from({ length: 500 }, (_, at) => {
    limit.note('create-device', portalOf(100, 20)(limit.lanes) * (1 + Math.max(0, 3 - at / 30)));
    return limit.lanes;
  });

  expect(Math.min(...lanes)).toBe(4);
});

test('that the portal was slow for a moment does not make fewer lanes look faster', () => {
  const limit = new LaneLimit();
  const lanes = Array.from({ length: 700 }, (_, at) => {
    limit.note('create-device', portalOf(100, 20)(limit.lanes) * (at >= 96 && at < 120 ? 2 : 1));
    return limit.lanes;
  });

  expect(lanes.at(-1)).toBe(5);
  expect(lanes.filter((each) => each < 5).length).toBeLessThan(150);
});

test('a small plan is carried out with the lanes that it began with', () => {
  const seen = lanesAt(23, () => 38, 1);

  expect(new Set(seen)).toEqual(new Set([5]));
});

test('what a portal can do changes, and is found out', () => {
  let processors = 1;
  const limit = new LaneLimit();
  const answer = (times: number) => {
    for (let at = 0; at < times; at++) limit.note('create-device', portalOf(processors, 0)(limit.lanes));
  };
  answer(1_000);
  expect(limit.lanes).toBeLessThanOrEqual(2);

  processors = 4;
  answer(2_000);

  expect(limit.lanes).toBeGreaterThanOrEqual(3);
});
