import { expect, test } from 'vitest';
import { seededRandom } from '../../src/runtime/random.ts';
import { courses } from './course.ts';
import { watchSum } from './watch-sum.ts';

/* The sum of an instance with two interfaces, while one of them is late, attached or detached. */

const cycles = 200;
const seconds = 7_200;
const plane = [
  { polling: 10, grain: 5 },
  { polling: 10, grain: 60 },
  { polling: 30, grain: 10 },
  { polling: 60, grain: 60 },
  { polling: 300, grain: 60 },
];

test.each([
  { what: 'measures of one come minutes after those of the other', lag: 240, from: 0, until: seconds },
  { what: 'one is attached in the middle', lag: 2, from: 3_600, until: seconds },
  { what: 'one is attached, and its measures come late', lag: 120, from: 3_600, until: seconds },
  { what: 'one is taken away', lag: 2, from: 0, until: 3_600 },
  { what: 'one is there for a quarter of an hour', lag: 2, from: 3_000, until: 3_900 },
])('never half a sum: $what', ({ lag, from, until }) => {
  const faults: string[] = [];
  let known = 0;
  let index = 0;
  for (const { polling, grain } of plane) {
    for (const jitter of [0, 1]) {
      const random = seededRandom(++index);
      const setup = { polling, grain, jitter, lag: 2, clock: 'right', loss: 0 } as const;
      const loads = courses({ full: 1_000, seconds, random }).filter(({ restarts }) => restarts.length === 0);
      for (const [at, course] of loads.entries()) {
        const other = loads.at(at - 1) ?? course;
        const outcome = watchSum(
          [
            { course, setup, from: 0, until: seconds },
            { course: other, setup: { ...setup, lag }, from, until },
          ],
          { seconds, cycles, random },
        );
        const where = `${course.name} and ${other.name}, ${polling} s in ${grain} s, jitter ${jitter}`;
        faults.push(...outcome.wrong.map((wrong) => `${where}: ${wrong}`));
        // In the end there is a sum again, and not an old one.
        if ((outcome.last?.kind === 'known' ? outcome.last.at : 0) < (seconds - lag - 1_200) * 1_000)
          faults.push(`${where}: no sum in the end, ${[...outcome.unknown].join(' ')}`);
        known += outcome.known;
      }
    }
  }

  expect(faults).toEqual([]);
  expect(known).toBeGreaterThan(5_000);
});
