import { expect, test } from 'vitest';
import { RackUnits } from './placement.ts';

const occupied = (height: number, ...devices: (readonly [startU: number, units: number])[]) => {
  const units = new RackUnits(height);
  for (const [startU, size] of devices) units.occupy(startU, size);
  return units;
};

test('an empty rack is filled from the top down', () => {
  const units = new RackUnits(10);

  expect(units.find(1, 'top')).toBe(10);
  expect(units.find(4, 'top')).toBe(7);
  expect(units.find(10, 'top')).toBe(1);
  expect(units.find(11, 'top')).toBeUndefined();
});

test('a device goes where all of its units are free', () => {
  const units = occupied(10, [9, 1], [5, 2]);

  expect(units.find(1, 'top')).toBe(10);
  expect(units.find(2, 'top')).toBe(7);
  expect(units.find(3, 'top')).toBe(2);
  expect(units.find(5, 'top')).toBeUndefined();
});

test.each([
  [0, 1],
  [-1, 2],
  [10, 2],
  [11, 1],
  [4, 2],
  [6, 1],
])('at unit %d a device of %d does not fit', (startU, size) => {
  expect(occupied(10, [5, 2]).fits(startU, size)).toBe(false);
});

test('a unit is free when the last device that covers it is gone', () => {
  const units = occupied(10, [5, 4], [7, 2]);

  units.release(7, 2);
  expect(units.fits(7, 1)).toBe(false);

  units.release(5, 4);
  expect(units.fits(7, 1)).toBe(true);
});

test('a rack grows by as little as will do', () => {
  const full = occupied(10, [1, 10]);
  const roomOnTop = occupied(10, [1, 8]);

  expect(full.growFor(3)).toBe(true);
  expect(roomOnTop.growFor(3)).toBe(true);

  expect([full.height, full.find(3, 'top')]).toEqual([13, 11]);
  expect([roomOnTop.height, roomOnTop.find(3, 'top')]).toEqual([11, 9]);
});

test('a rack grows to 72 units and no further', () => {
  const full = occupied(70, [1, 70]);

  expect(full.growFor(3)).toBe(false);
  expect(full.height).toBe(70);
  expect(full.growFor(2)).toBe(true);
  expect(full.height).toBe(72);
});
