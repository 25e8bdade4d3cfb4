import { expect, test } from 'vitest';
import { fittingLimit } from './connection-limit.ts';

test.each([
  [1_048_576, 512, 256],
  [1_152, 512, 256],
  [1_024, 448, 224],
  [300, 86, 43],
  [64, 8, 4],
])(
  'with %s file descriptors %s connections are let in, %s from one address',
  (descriptors, total, perAddress) => {
    expect(fittingLimit(descriptors)).toEqual({ total, perAddress });
  },
);
