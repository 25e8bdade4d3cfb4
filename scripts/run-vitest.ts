import { relative } from 'node:path';
import { startVitest } from 'vitest/node';
import { root } from './command.ts';
import type { Outcome } from './outcome.ts';

/** Runs all tests, their report going to the terminal as it comes. */
export async function runVitest(): Promise<Outcome> {
  const vitest = await startVitest('test', [], { root, watch: false });
  const outcome: Outcome = { passed: 0, failed: [], skipped: [] };
  for (const file of vitest.state.getTestModules()) {
    const { name } = file.project;
    const path = `${relative(root, file.moduleId)}${name === 'all' ? '' : ` (${name})`}`;
    for (const test of file.children.allTests()) {
      const { state } = test.result();
      if (state === 'passed') outcome.passed++;
      else (state === 'failed' ? outcome.failed : outcome.skipped).push(`${path}: ${test.fullName}`);
    }
    if (file.errors().length > 0) outcome.failed.push(`${path}: the file itself`);
  }
  // A promise that nobody awaited, for one: it belongs to no test.
  if (vitest.state.getUnhandledErrors().length > 0) outcome.failed.push('an error outside any test');
  await vitest.close();
  return outcome;
}
