import { test } from 'vitest';
import { cloudCells, nameOfCloudCell } from './matrix-clouds.ts';
import { type HttpCloudCell, isHttpCloudCell, runHttpCloudCell } from './run-cloud-cell.ts';
import { settle } from './settle.ts';

test.concurrent.for(
  cloudCells.filter(isHttpCloudCell).map((cell) => [nameOfCloudCell(cell), cell] as [string, HttpCloudCell]),
)('%s', async ([name, cell], { task }) => settle(task, name, () => runHttpCloudCell(cell)));
