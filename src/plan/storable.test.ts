import fc from 'fast-check';
import { expect, test } from 'vitest';
import { storable } from './storable.ts';

test('what PostgreSQL does not keep is replaced, and null is left out of lists, however deep it lies', () => {
  expect(storable({ 'k\0': ['a\0b', { text: 'half \ud83d, whole 😀' }, 7, null, [null]] })).toEqual({
    'k\uFFFD': ['a\uFFFDb', { text: 'half \uFFFD, whole 😀' }, 7, []],
  });
});

test('everything else stays as it is', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      fc.pre(!/\\u0000|[[,]null[\],]/.test(JSON.stringify(value)));
      expect(storable(value)).toEqual(value);
    }),
  );
});
