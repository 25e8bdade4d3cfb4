import { expect, test } from 'vitest';
import { difference, equal } from './difference.ts';

test('only what differs is sent', () => {
  const present: { a: number; b: string; c: object } = { a: 1, b: 'x', c: { d: 1 } };

  expect(difference(present, { a: 1, b: 'y', c: { d: 1 } })).toEqual({ b: 'y' });
  expect(difference(present, { a: 1, b: 'x' })).toBeUndefined();
});

test('a field wanted as undefined stays as it is', () => {
  expect(difference<{ a?: number | undefined }>({ a: 1 }, { a: undefined })).toBeUndefined();
});

test('null is not an empty text', () => {
  expect(difference<{ a: string | null }>({ a: null }, { a: '' })).toEqual({ a: '' });
});

test.each([
  [
    { a: 1, b: { c: [1, 2] } },
    { b: { c: [1, 2] }, a: 1 },
  ],
  [[], []],
  [{}, {}],
  [null, null],
])('%j equals %j', (a, b) => {
  expect(equal(a, b)).toBe(true);
});

test.each<[unknown, unknown]>([
  [
    [1, 2],
    [2, 1],
  ],
  [[1], [1, 2]],
  [{ a: 1 }, { a: 1, b: undefined }],
  [{ a: undefined }, { b: undefined }],
  [{ toString: undefined }, {}],
  [[], {}],
  [{}, null],
  [1, '1'],
  [{ a: { b: 1 } }, { a: { b: 2 } }],
])('%j does not equal %j', (a, b) => {
  expect(equal(a, b)).toBe(false);
  expect(equal(b, a)).toBe(false);
});

test('a map equals the object with its fields', () => {
  const map = new Map([['a', { b: 1 }]]);

  expect(equal({ a: { b: 1 } }, map)).toBe(true);
  for (const other of [{}, { a: { b: 2 } }, { c: { b: 1 } }, { a: { b: 1 }, c: 1 }, [{ b: 1 }], null])
    expect(equal(other, map)).toBe(false);
  expect([equal({}, new Map()), equal([], new Map())]).toEqual([true, false]);
});
