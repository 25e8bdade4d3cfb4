/** Every cell of the matrix; writes docs/reliability.md when all of them had their turn. */
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { type PrivateBroker, startPrivateBroker, whyNoPrivateBroker } from '../support/rabbitmq.ts';
import { type Cell, cells, whyNot } from './matrix.ts';
import { type Outcome, renderReliability } from './reliability-doc.ts';
import { runBrokerCell } from './run-broker-cell.ts';
import { type CellResult, type HttpCell, isHttpCell, runHttpCell } from './run-cell.ts';

const outcomes = new Map<string, Outcome>();
const keyOf = ({ fault, system, phase }: Cell) => `${fault}, ${system}, ${phase}`;
const meant = cells.filter((cell) => whyNot(cell) === undefined);
const whyNoBroker = whyNoPrivateBroker();

async function settle(cell: Cell, run: () => Promise<CellResult>): Promise<void> {
  try {
    outcomes.set(keyOf(cell), { kind: 'recovered', seconds: (await run()).recoveryS });
  } catch (error) {
    outcomes.set(keyOf(cell), { kind: 'failed', why: String(error) });
    throw error;
  }
}

afterAll(() => {
  const expected = meant.filter((cell) => isHttpCell(cell) || whyNoBroker === undefined);
  // A part of them tells nothing of the whole.
  if (outcomes.size < expected.length) return;
  const notRun: Outcome = { kind: 'not run', why: whyNoBroker ?? 'it was not asked for' };
  const text = renderReliability((cell) => outcomes.get(keyOf(cell)) ?? notRun);
  writeFileSync(new URL('../../docs/reliability.md', import.meta.url), text);
});

describe('over HTTP', () => {
  test.concurrent.for(meant.filter(isHttpCell).map((cell) => [keyOf(cell), cell] as [string, HttpCell]))(
    '%s',
    async ([, cell]) => {
      await settle(cell, () => runHttpCell(cell));
    },
  );
});

describe.skipIf(whyNoBroker !== undefined)(
  `RabbitMQ${whyNoBroker ? ` (skipped: ${whyNoBroker})` : ''}`,
  () => {
    let broker: PrivateBroker;
    beforeAll(async () => {
      broker = await startPrivateBroker();
    });
    afterAll(async () => {
      await broker[Symbol.asyncDispose]();
    });

    test.concurrent.for(
      meant.filter((cell) => !isHttpCell(cell)).map((cell) => [keyOf(cell), cell] as [string, Cell]),
    )('%s', async ([, cell]) => {
      await settle(cell, () => runBrokerCell(cell, broker));
    });
  },
);
