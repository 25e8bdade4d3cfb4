import type { TaskMeta } from 'vitest';
import type { Outcome } from './reliability-doc.ts';
import type { CellResult } from './run-cell.ts';

declare module 'vitest' {
  interface TaskMeta {
    /** Of a cell of the matrix: its name, and what became of it. */
    cell?: { readonly name: string; readonly outcome: Outcome };
    /** Of random runs: how many there were, and what does them again. */
    runs?: { readonly of: string; readonly count: number; readonly again: string };
  }
}

/** Runs a cell, and tells the reporter what became of it. */
export async function settle(
  { meta }: { readonly meta: TaskMeta },
  /** Of the cell. */
  name: string,
  run: () => Promise<CellResult>,
): Promise<void> {
  try {
    meta.cell = { name, outcome: { kind: 'recovered', seconds: (await run()).recoveryS } };
  } catch (error) {
    meta.cell = { name, outcome: { kind: 'failed', why: String(error) } };
    throw error;
  }
}
