import { afterAll, beforeAll, test } from 'vitest';
import { type PrivateBroker, startPrivateBroker } from '../support/rabbitmq.ts';
import { cells, whyNot } from './matrix.ts';
import { runBrokerCell } from './run-broker-cell.ts';

const filter = process.env['CELL'] ?? '';
let broker: PrivateBroker;
beforeAll(async () => {
  broker = await startPrivateBroker();
}, 60000);
afterAll(async () => {
  await broker[Symbol.asyncDispose]();
});
for (const cell of cells.filter(
  (c) =>
    c.system === 'RabbitMQ' && whyNot(c) === undefined && `${c.fault}/${c.system}/${c.phase}`.match(filter),
))
  test.concurrent(`${cell.fault}/${cell.system}/${cell.phase}`, async () => {
    const r = await runBrokerCell(cell, broker);
    console.log(`${cell.fault}/${cell.phase}: ${r.recoveryS}`);
  }, 100000);
