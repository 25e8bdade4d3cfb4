import { expect, test } from 'vitest';
import { seededRandom } from './random.ts';

test('the same seed gives the same numbers, each at least 0 and below 1', () => {
  const one = seededRandom(7);
  const other = seededRandom(7);

  const numbers = Array.from({ length: 1000 }, () => one.next());

  expect(numbers).toEqual(Array.from({ length: 1000 }, () => other.next()));
  expect(Math.min(...numbers)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...numbers)).toBeLessThan(1);
  expect(new Set(numbers).size).toBeGreaterThan(990);
});
