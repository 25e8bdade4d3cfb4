import { test } from 'vitest';
import { cells, whyNot } from './matrix.ts';
import { runHttpCell } from './run-cell.ts';

const filter = process.env['CELL'] ?? '';
const ok: string[] = [];
test.concurrent.for(
  cells
    .filter(
      (c) =>
        c.system !== 'RabbitMQ' &&
        whyNot(c) === undefined &&
        `${c.fault}/${c.system}/${c.phase}`.match(filter),
    )
    .map((c) => [`${c.fault}/${c.system}/${c.phase}`, c] as const),
)(
  '%s',
  async ([name, cell]) => {
    const r = await runHttpCell(cell as never);
    ok.push(`${name}: ${r.recoveryS}`);
    console.log(`${name}: ${r.recoveryS}`);
  },
  100000,
);
