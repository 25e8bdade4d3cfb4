import fc from 'fast-check';
import { expect, test } from 'vitest';
import { storable } from './storable.ts';

test('what PostgreSQL does not keep is replaced, however deep it lies', () => {
  expect(storable({ 'k\0': ['a\0b', { text: 'half \ud83d, whole 😀' }, 7, null] })).toEqual({
    'k\uFFFD': ['a\uFFFDb', { text: 'half \uFFFD, whole 😀' }, 7, null],
  });
});

test('everything else stays as it is', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      fc.pre(!JSON.stringify(value).includes('\\u0000'));
      expect(storable(value)).toEqual(value);
    }),
  );
});
