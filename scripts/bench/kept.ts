import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { type Figure, keyOfFigure, Results } from './figure.ts';

/** What an earlier run has kept. */
export function readResults(file: string): Results {
  return Results.parse(JSON.parse(readFileSync(file, 'utf8')));
}

/** Puts figures in the places of the earlier ones of their name, size and latency; all others stay. */
export function keepFigures(file: string, machine: Results['machine'], measured: readonly Figure[]): void {
  const earlier = existsSync(file) ? readResults(file).figures : [];
  const figures = new Map([...earlier, ...measured].map((figure) => [keyOfFigure(figure), figure]));
  const results: Results = { machine, figures: [...figures.values()].sort(inOrder) };
  writeFileSync(file, `${JSON.stringify(results, undefined, 2)}\n`);
}

function inOrder(a: Figure, b: Figure): number {
  return a.name.localeCompare(b.name) || a.latencyMs - b.latencyMs || a.servers - b.servers;
}
