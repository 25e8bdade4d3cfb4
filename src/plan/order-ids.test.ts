import { expect, test } from 'vitest';
import { OrderIds } from './order-ids.ts';

test('the first rack has the order itself, each further one a number, and none that is taken', () => {
  const ids = new OrderIds(['a/2', 'b']);

  expect([ids.next('a'), ids.next('a'), ids.next('a'), ids.next('b')]).toEqual(['a', 'a/3', 'a/4', 'b/2']);
});

test('a rack keeps what is of its order, whichever number, and no other', () => {
  const ids = new OrderIds(['a/7', 'ab', 'a/x']);

  expect(['a', 'a/7', 'ab', 'a/x', 'a/'].map((id) => ids.keep(id, 'a'))).toEqual([
    'a',
    'a/7',
    'a',
    'a/2',
    'a/3',
  ]);
});
