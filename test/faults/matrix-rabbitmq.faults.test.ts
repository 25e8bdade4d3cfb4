import { afterAll, beforeAll, describe, test } from 'vitest';
import { type PrivateBroker, startPrivateBroker, whyNoPrivateBroker } from '../support/rabbitmq.ts';
import { type Cell, cells, hasMeaning, nameOf } from './matrix.ts';
import { runBrokerCell } from './run-broker-cell.ts';
import { isHttpCell } from './run-cell.ts';
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
    async ([, cell], { task }) => settle(task, cell, () => runBrokerCell(cell, broker)),
  );
});
