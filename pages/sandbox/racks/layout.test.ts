import { expect, test } from 'vitest';
import { densities, layOut, rackHeight } from './layout.ts';

const owner = (id: number) => ({ id, login: `user${id}`, projectId: null }) as never;

function racks(count: number, height = 42, users = 1) {
  return Array.from({ length: count }, (_, index) => ({
    id: index + 1,
    user: owner((index % users) + 1),
    height,
  }));
}

test('racks fill the width of a row', () => {
  const { rows, density } = layOut(racks(8), { width: 1_000, height: 700 }, densities.large);

  const [first] = rows;
  const right = (first?.racks.at(-1)?.left ?? 0) + density.rackWidth;
  expect(rows.map(({ racks }) => racks.length)).toEqual([4, 4]);
  expect(right).toBeGreaterThan(990);
  expect(right).toBeLessThanOrEqual(1_000);
});

test('few racks are not stretched beyond measure', () => {
  const { density } = layOut(racks(1), { width: 3_000, height: 700 }, densities.large);

  expect(density.rackWidth).toBe(Math.floor(densities.large.rackWidth * 1.45));
});

test('on a telephone a rack is as wide as the room', () => {
  const { density } = layOut(racks(2), { width: 336, height: 700 }, densities.large);

  expect(density.rackWidth).toBe(336);
});

test('a single row of racks is as high as the room', () => {
  const height = 1_000;

  const { rows, density } = layOut(racks(2), { width: 1_000, height }, densities.large);

  expect(density.unit).toBeGreaterThan(densities.large.unit);
  expect(rows[0]?.height).toBeLessThanOrEqual(height);
  expect(rows[0]?.height).toBeGreaterThan(height - 42);
});

test('a rack that almost fits is made to, and one that does not is scrolled', () => {
  const almost = layOut(racks(9), { width: 1_000, height: 700 }, densities.large);
  const low = layOut(racks(9), { width: 1_000, height: 400 }, densities.large);

  expect(almost.density.unit).toBe(14);
  expect(almost.rows[0]?.height).toBeLessThanOrEqual(700);
  expect(low.density.unit).toBe(densities.large.unit);
});

test('units are never drawn larger where there are several rows', () => {
  expect(layOut(racks(9), { width: 1_000, height: 3_000 }, densities.large).density.unit).toBe(16);
});

test('a row is as high as its tallest rack, and rows do not overlap', () => {
  const all = [...racks(3), { id: 9, user: owner(1), height: 48 }];

  const { rows, height, density } = layOut(all, { width: 500, height: 400 }, densities.large);

  expect(rows.map(({ racks }) => racks.length)).toEqual([2, 2]);
  expect(rows[1]?.top).toBeGreaterThanOrEqual((rows[0]?.top ?? 0) + (rows[0]?.height ?? 0));
  expect(height).toBe((rows[1]?.top ?? 0) + (rows[1]?.height ?? 0));
  expect(rows[1]?.height).toBeGreaterThan(rackHeight(48, density));
});

test('the name of an owner stands above all that are theirs in a row', () => {
  const [a, b, c] = [1, 1, 2].map((user, index) => ({ id: index + 1, user: owner(user), height: 42 }));

  const { rows, density } = layOut([a, b, c] as never, { width: 1_000, height: 700 }, densities.large);

  expect(rows[0]?.captions.map(({ user, left, width }) => [user.login, left, width])).toEqual([
    ['user1', 0, 2 * density.rackWidth + 14],
    ['user2', 2 * (density.rackWidth + 14), density.rackWidth],
  ]);
});

test('where there is no room yet, and no rack, nothing is drawn', () => {
  expect(layOut([], { width: 0, height: 0 }, densities.large)).toMatchObject({ rows: [], height: 0 });
  expect(layOut(racks(1), { width: 0, height: 0 }, densities.large).density.rackWidth).toBe(224);
});
