/**
 * `npm test`: all checks, then all tests; closes with `N passed, N failed`. `npm run check` (argument `checks`) leaves
 * the tests out.
 */
import { runChecks } from './checks.ts';
import { runVitest } from './run-vitest.ts';

const outcome = await runChecks();
if (process.argv[2] !== 'checks') {
  const tests = await runVitest();
  outcome.passed += tests.passed;
  outcome.failed.push(...tests.failed);
  outcome.skipped.push(...tests.skipped);
}

for (const name of outcome.skipped) console.log(`skipped: ${name}`);
for (const name of outcome.failed) console.log(`failed: ${name}`);
const skipped = outcome.skipped.length > 0 ? `, ${outcome.skipped.length} skipped` : '';
console.log(`${outcome.passed} passed, ${outcome.failed.length} failed${skipped}`);
process.exitCode = outcome.failed.length > 0 ? 1 : 0;
