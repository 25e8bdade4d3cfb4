import { expect, test } from 'vitest';
import { keptRow } from './kept-row.ts';

test('a row is kept as it is, whatever the row before was', () => {
  const rows = [
    { id: 'a', project: 'one', addresses: [{ network: 'n', mac: null }], metadata: { stack: 's' } },
    { id: 'b', project: 'one', addresses: [], metadata: { stack: 's', ['__proto__']: 1 } },
    { id: 'c', project: ['one'], addresses: { network: 'n' }, metadata: 'text' },
    { id: 'd', project: { one: 1 }, addresses: [{ network: 'n', mac: 'm' }, 'x'], metadata: null },
    { id: 'c', project: {}, addresses: { network: 'n', mac: 'm' }, metadata: {} },
    { id: 'e', project: undefined, addresses: [[1, 'n'], [2]], metadata: { stack: { stack: 's' } } },
  ];
  for (const before of [undefined, ...rows]) {
    for (const row of rows) expect(keptRow(structuredClone(row) as unknown, before)).toStrictEqual(row);
  }
});

test('what a row has in common with the row before is in memory once', () => {
  const row = (id: string) => ({ id, flavor: { name: 'm1', ram: 1 }, none: {} });
  const before = keptRow(row('a'), undefined);

  const after = keptRow(row('b'), before);

  expect(after).toEqual(row('b'));
  expect(after.flavor).toBe(before.flavor);
  expect(after.none).toBe(before.none);
});

test('a row that is kept can no longer be changed, and the one before stays as it was', () => {
  const before = keptRow({ id: 'a', flavor: { name: 'm1', ram: 1 }, list: [{ deep: 'x' }] }, undefined);

  const row = keptRow({ id: 'b', flavor: { name: 'm1', ram: 2 }, list: [{ deep: 'y' }] }, before);

  expect(Object.isFrozen(row)).toBe(true);
  expect(before).toEqual({ id: 'a', flavor: { name: 'm1', ram: 1 }, list: [{ deep: 'x' }] });
});
