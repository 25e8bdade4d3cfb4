import { expect, test } from 'vitest';
import { screenSize } from './screen-size.ts';

const endless = Number.POSITIVE_INFINITY;

test.each([
  ['a terminal has its size', { columns: 80, rows: 24 }, { columns: 80, rows: 24 }],
  [
    'on a terminal that nobody gave a size everything fits',
    { columns: 0, rows: 0 },
    { columns: endless, rows: endless },
  ],
  ['in a file everything fits', {}, { columns: endless, rows: endless }],
])('%s', (_fact, stream, size) => {
  expect(screenSize(stream)).toEqual(size);
});
