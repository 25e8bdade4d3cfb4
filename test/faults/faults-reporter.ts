import { writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import type { UserConsoleLog } from 'vitest';
import type { Reporter, TestCase, TestModule } from 'vitest/node';
import { whyNoPrivateBroker } from '../support/rabbitmq.ts';
import { cells, hasMeaning, nameOf } from './matrix.ts';
import { type Outcome, renderReliability } from './reliability-doc.ts';

const doc = new URL('../../docs/reliability.md', import.meta.url);
/**
 * A line for each test as it ends; in the end a table of what was run, with its counts. Writes docs/reliability.md when every cell of the
 * matrix had its turn: a part of them tells nothing of the whole.
 */
export class FaultsReporter implements Reporter {
  readonly #startedAt = performance.now();
  readonly #outcomes = new Map<string, Outcome>();
  readonly #runs: { readonly of: string; readonly count: number; readonly again: string }[] = [];

  onTestCaseResult(testCase: TestCase): void {
    const { state, errors = [] } = testCase.result();
    if (state === 'skipped') return;
    const { cell, runs } = testCase.meta();
    if (cell) this.#outcomes.set(cell.name, cell.outcome);
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

  #writeDoc(): void {
    const meant = cells.filter(hasMeaning);
    const done = meant.filter((cell) => this.#outcomes.has(nameOf(cell)));
    if (done.length === 0) return;
    const failed = done.filter((cell) => this.#outcomes.get(nameOf(cell))?.kind === 'failed');
    console.log(
      `matrix: ${cells.length} cells, ${meant.length} have a meaning: ${done.length - failed.length} recovered, ${failed.length} failed, ${meant.length - done.length} not run`,
    );
    const left = meant.filter((cell) => !done.includes(cell));
    const why = left.every(({ system }) => system === 'RabbitMQ') ? whyNoPrivateBroker() : undefined;
    if (left.length > 0 && why === undefined) return;
    const notRun: Outcome = { kind: 'not run', why: why ?? '' };
    writeFileSync(
      doc,
      renderReliability((cell) => this.#outcomes.get(nameOf(cell)) ?? notRun),
    );
    console.log('docs/reliability.md is written');
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
