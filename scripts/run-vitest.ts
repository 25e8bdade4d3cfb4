import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { root, runInTerminal } from './command.ts';
import type { Outcome } from './outcome.ts';

/** What we use of vitest's JSON report. */
interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

/** Runs all tests, their report going to the terminal as it comes. */
export async function runVitest(): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'vitest-'));
  try {
    const file = join(folder, 'report.json');
    const code = await runInTerminal('vitest', [
      'run',
      '--reporter=default',
      '--reporter=json',
      `--outputFile=${file}`,
    ]);
    const outcome = outcomeOf(JSON.parse(readFileSync(file, 'utf8')) as Report);
    // An error outside any test, such as a rejected promise that nobody awaited.
    if (code !== 0 && outcome.failed.length === 0) outcome.failed.push(`vitest ended with exit code ${code}`);
    return outcome;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function outcomeOf(report: Report): Outcome {
  const outcome: Outcome = { passed: 0, failed: [], skipped: [] };
  for (const file of report.testResults) {
    const path = relative(root, file.name);
    for (const { fullName, status } of file.assertionResults) {
      if (status === 'passed') outcome.passed++;
      else if (status === 'failed') outcome.failed.push(`${path}: ${fullName}`);
      else outcome.skipped.push(`${path}: ${fullName}`);
    }
    const isFailedItself =
      file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed');
    if (isFailedItself) outcome.failed.push(`${path}: the file itself`);
  }
  return outcome;
}
