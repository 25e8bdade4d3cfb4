import { describe, test } from 'vitest';
import { cells, hasMeaning, nameOf, type Phase } from './matrix.ts';
import { type HttpCell, isHttpCell, runHttpCell } from './run-cell.ts';
import { settle } from './settle.ts';

/** Tests of all cells of systems that speak HTTP, in one phase: each phase is a file, so that they share the processors. */
export function testOverHttp(phase: Phase): void {
  const meant = cells.filter((cell) => cell.phase === phase && hasMeaning(cell)).filter(isHttpCell);
  describe('over HTTP', () => {
    test.concurrent.for(meant.map((cell) => [nameOf(cell), cell] as [string, HttpCell]))(
      '%s',
      async ([, cell], { task }) => settle(task, nameOf(cell), () => runHttpCell(cell)),
    );
  });
}
