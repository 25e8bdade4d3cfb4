import { expect, test } from 'vitest';
import { describeContents } from './describe-contents.ts';

const volume = (name: string, id = 'id') => ({ kind: 'volume', id, name });

test('one thing is named, of several a few, and by id what has no name', () => {
  expect(describeContents([volume('', 'v1')])).toBe('volume v1');
  expect(describeContents(['a', 'b', 'c'].map((name) => volume(name)))).toBe('3 volumes (a, b, c)');
  expect(describeContents(['a', 'b', 'c', 'd'].map((name) => volume(name)))).toBe('4 volumes (a, b, c, …)');
});

test.each([
  [40, 'x'.repeat(40)],
  [41, `${'x'.repeat(39)}…`],
])('a name of %d characters', (length, shown) => {
  expect(describeContents([volume('x'.repeat(length))])).toBe(`volume ${shown}`);
});
