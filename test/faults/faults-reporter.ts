import { readFileSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import type { UserConsoleLog } from 'vitest';
import type { Reporter, TestCase, TestModule } from 'vitest/node';
import { whyNoPrivateBroker } from '../support/rabbitmq.ts';
import { cells, hasMeaning, nameOf } from './matrix.ts';
import { cloudCells, nameOfCloudCell } from './matrix-clouds.ts';
import {
  joinReliability,
  partsOfReliability,
  type Reliability,
  renderClouds,
  renderMatrix,
  type Written,
} from './reliability-doc.ts';

const doc = new URL('../../docs/reliability.md', import.meta.url);
/**
 * A line for each test as it ends; in the end a table of what was run, with its counts. Writes a table of docs/reliability.md when every cell of
 * it had its turn and none failed: a part of them tells nothing of the whole, and the document is of what the service survives.
 */
export class FaultsReporter implements Reporter {
  readonly #startedAt = performance.now();
  readonly #recovered = new Map<string, Written>();
  readonly #failed = new Set<string>();
  readonly #runs: { readonly of: string; readonly count: number; readonly again: string }[] = [];

  onTestCaseResult(testCase: TestCase): void {
    const { state, errors = [] } = testCase.result();
    if (state === 'skipped') return;
    const { cell, runs } = testCase.meta();
    if (cell?.outcome.kind === 'failed') this.#failed.add(cell.name);
    else if (cell) this.#recovered.set(cell.name, cell.outcome);
    if (runs) this.#runs.push(runs);
    const recovery =
      cell?.outcome.kind === 'recovered' ? `: right after ${cell.outcome.seconds.toFixed(0)} s` : '';
    const sign = state === 'passed' ? '✓' : '✗';
    console.log(`${this.#minutes()} ${sign} ${testCase.fullName} (${testCase.project.name})${recovery}`);
    for (const { message } of errors) console.log(message);
  }

  /** Figures that a test tells. */
  onUserConsoleLog({ content }: UserConsoleLog): void {
    process.stdout.write(content);
  }

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly { readonly message: string }[]): void {
    const rows = modules.map((module) => {
      const tests = [...module.children.allTests()];
      const count = (wanted: string) => tests.filter((test) => test.result().state === wanted).length;
      const name = `${relative(process.cwd(), module.moduleId)} (${module.project.name})`;
      // Hooks count as well: one that fails leaves tests unrun.
      const errors = [module, ...module.children.allSuites()].flatMap((part) => part.errors());
      for (const { message } of errors) console.log(`✗ ${name}: ${message}`);
      const seconds = Math.round(module.diagnostic().duration / 1_000);
      return [name, count('passed'), count('failed') + errors.length, count('skipped'), `${seconds} s`];
    });
    console.log(`\n${table([['', 'passed', 'failed', 'not run', 'took'], ...rows])}`);
    for (const { of, count, again } of this.#runs)
      console.log(`${of}: ${count} runs; the same again: ${again}`);
    for (const { message } of unhandled) console.log(`✗ an error outside any test: ${message}`);
    this.#writeDoc();
    const sum = (column: 1 | 2 | 3) => rows.reduce((total, row) => total + Number(row[column]), 0);
    console.log(
      `${sum(1)} passed, ${sum(2) + unhandled.length} failed, ${sum(3)} not run (${this.#minutes()})`,
    );
  }

  /** Each part of which all cells had their turn and none failed. */
  #writeDoc(): void {
    const parts = partsOfReliability(readFileSync(doc, 'utf8'));
    const whole = { ...parts, ...this.#matrix(), ...this.#clouds() };
    if (joinReliability(whole) === joinReliability(parts)) return;
    writeFileSync(doc, joinReliability(whole));
    console.log('docs/reliability.md is written');
  }

  #matrix(): Partial<Reliability> {
    const meant = cells.filter(hasMeaning);
    const outcomeOf = this.#outcomesOf('matrix', meant, nameOf);
    return outcomeOf ? { matrix: renderMatrix((cell) => outcomeOf(nameOf(cell))) } : {};
  }

  #clouds(): Partial<Reliability> {
    const outcomeOf = this.#outcomesOf('matrix of the second cloud', cloudCells, nameOfCloudCell);
    return outcomeOf ? { clouds: renderClouds((cell) => outcomeOf(nameOfCloudCell(cell))) } : {};
  }

  /** What became of cells by their names; undefined: one has failed, or of some of them it is not known. */
  #outcomesOf<Each extends { readonly system: string }>(
    what: string,
    meant: readonly Each[],
    name: (cell: Each) => string,
  ): ((name: string) => Written) | undefined {
    const recovered = meant.filter((cell) => this.#recovered.has(name(cell)));
    const failed = meant.filter((cell) => this.#failed.has(name(cell)));
    const left = meant.filter((cell) => !recovered.includes(cell) && !failed.includes(cell));
    if (left.length === meant.length) return undefined;
    console.log(
      `${what}: ${meant.length} cells have a meaning: ${recovered.length} recovered, ${failed.length} failed, ${left.length} not run`,
    );
    if (failed.length > 0) return undefined;
    const why = left.every(({ system }) => system === 'RabbitMQ') ? whyNoPrivateBroker() : undefined;
    if (left.length > 0 && why === undefined) return undefined;
    const notRun: Written = { kind: 'not run', why: why ?? '' };
    return (cell) => this.#recovered.get(cell) ?? notRun;
  }

  #minutes(): string {
    const seconds = Math.round((performance.now() - this.#startedAt) / 1_000);
    return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
  }
}

function table(rows: readonly (readonly (string | number)[])[]): string {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => String(row[at]).length)));
  return rows
    .map((row) =>
      row
        .map((cell, at) => String(cell).padEnd(widths[at] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
