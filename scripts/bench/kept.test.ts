import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type Figure, figureOf } from './figure.ts';
import { keepFigures, readResults } from './kept.ts';

const machine = { processors: '2' };
const figure = (name: string, servers: number, latencyMs: number, seconds: number): Figure =>
  figureOf({ name, servers, latencyMs }, [{ seconds }]);

test('a part that is measured again replaces the earlier one, and all else stays', () => {
  const file = emptyFile();
  const idle = figure('run/idle', 2_000, 20, 1);
  const larger = figure('run/idle', 10_000, 20, 2);
  const nearer = figure('run/idle', 2_000, 0, 3);
  const cold = figure('run/cold', 2_000, 20, 4);
  keepFigures(file, machine, [idle, larger, nearer, cold]);

  const again = figure('run/idle', 2_000, 20, 5);
  const plan = figure('plan', 10_000, 0, 6);
  keepFigures(file, { processors: '4' }, [again]);
  keepFigures(file, { processors: '4' }, [plan]);

  expect(readResults(file)).toEqual({
    machine: { processors: '4' },
    figures: [plan, cold, nearer, again, larger],
  });
});

test('the first run has nothing to keep', () => {
  const file = emptyFile();

  keepFigures(file, machine, [figure('plan', 10_000, 0, 1)]);

  expect(readResults(file).figures).toEqual([figure('plan', 10_000, 0, 1)]);
});

function emptyFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return join(folder, 'performance.json');
}
