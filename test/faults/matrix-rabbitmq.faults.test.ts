import { afterAll, beforeAll, describe, test } from 'vitest';
import { type PrivateBroker, startPrivateBroker, whyNoPrivateBroker } from '../support/rabbitmq.ts';
import { type Cell, cells, hasMeaning, nameOf } from './matrix.ts';
import { type CloudCell, cloudCells, nameOfCloudCell } from './matrix-clouds.ts';
import { runBrokerCell } from './run-broker-cell.ts';
import { isHttpCell } from './run-cell.ts';
import { isHttpCloudCell } from './run-cloud-cell.ts';
import { settle } from './settle.ts';

const meant = cells.filter((cell) => hasMeaning(cell) && !isHttpCell(cell));
const why = whyNoPrivateBroker();

describe.skipIf(why !== undefined)(`RabbitMQ${why ? ` (skipped: ${why})` : ''}`, () => {
  let broker: PrivateBroker;
  beforeAll(async () => {
    broker = await startPrivateBroker();
  });
  afterAll(async () => {
    await broker[Symbol.asyncDispose]();
  });

  test.concurrent.for(meant.map((cell) => [nameOf(cell), cell] as [string, Cell]))(
    '%s',
    async ([, cell], { task }) => settle(task, nameOf(cell), () => runBrokerCell(cell, broker)),
  );

  test.concurrent.for(
    cloudCells
      .filter((cell) => !isHttpCloudCell(cell))
      .map((cell) => [nameOfCloudCell(cell), cell] as [string, CloudCell]),
  )('%s', async ([name, cell], { task }) =>
    settle(task, name, () => runBrokerCell(cell, broker, { clouds: ['north', 'south'] })),
  );
});
