import { expect, test } from 'vitest';
import { freshMs, observe } from './cadence.ts';
import { usualGap } from './usual-gap.ts';

const s = 1_000;

/** Points with these gaps between them, s. */
function pointsApart(...gaps: number[]) {
  let at = 0;
  return [0, ...gaps].map((gap) => ({ at: (at += gap * s), value: 1 }));
}

test.each<[string, number | undefined, number[]]>([
  ['one point', undefined, []],
  ['two points', 300, [300]],
  ['a steady rhythm', 300, [300, 300, 300, 300, 300]],
  ['jitter', 301, [299, 301, 300, 302, 301]],
  ['the last sample but one was lost', 300, [300, 300, 300, 300, 600]],
  ['the same, of few points', 300, [300, 600]],
  ['a sample was lost before', 300, [300, 300, 300, 600, 300]],
  ['polling has become half as frequent: the first longer gap', 300, [300, 300, 300, 300, 600]],
  ['polling has become half as frequent: the second', 600, [300, 300, 300, 600, 600]],
  ['polling has become ten times as slow: the first longer gap', 600, [60, 60, 60, 60, 600]],
  ['polling has become faster', 60, [600, 600, 60, 60, 60]],
  ['hours without a point', 1_800, [300, 300, 300, 300, 7_200]],
])('the usual gap: %s', (_, seconds, gaps) => {
  expect(usualGap(pointsApart(...gaps))).toBe(seconds === undefined ? undefined : seconds * s);
});

test('measures that end right after a lost sample are old as soon as others', () => {
  const freshMsOf = (...gaps: number[]) => {
    const cadence = observe(undefined, [pointsApart(...gaps)], 0);
    return freshMs(cadence, 60 * s);
  };

  expect(freshMsOf(300, 300, 300, 300, 600)).toBe(freshMsOf(300, 300, 300, 300, 300));
  // One more sample may be lost before the figure is missing.
  expect(freshMsOf(300, 300, 300, 300, 600)).toBeGreaterThan(600 * s);
});
