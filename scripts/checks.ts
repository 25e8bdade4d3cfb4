import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import pLimit from 'p-limit';
import { root, run } from './command.ts';
import type { Outcome } from './outcome.ts';

interface Check {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  /** A reason to fail although the program is content. */
  readonly doubt?: (output: string) => string | undefined;
}

const checks: readonly Check[] = [
  {
    name: 'types',
    command: [
      'tsc',
      '-p',
      '.',
      '--incremental',
      '--tsBuildInfoFile',
      'node_modules/.cache/types.tsbuildinfo',
    ],
  },
  { name: 'types of the pages', command: ['tsc', '-p', 'pages'] },
  { name: 'lint', command: ['oxlint', '--type-aware', '--deny-warnings'] },
  { name: 'format', command: ['biome', 'check', '--error-on-warnings'] },
  {
    name: 'walls',
    command: ['depcruise', 'src', 'pages', '--config', 'import-walls.cjs'],
    doubt: hasReadTooLittle,
  },
  { name: 'words', command: ['node', 'scripts/words.ts'] },
  { name: 'generated files', command: ['node', 'scripts/docs.ts', '--check'] },
  { name: 'dead code', command: ['knip', '--no-progress', '--treat-config-hints-as-errors'] },
];

/** Runs what looks at the code without running it. Prints a line a check, and all that a failing one says. */
export async function runChecks(): Promise<Outcome> {
  const outcome: Outcome = { passed: 0, failed: [], skipped: [] };
  const limit = pLimit(2);
  await Promise.all(
    checks.map(({ name, command: [program, ...args], doubt }) =>
      limit(async () => {
        const startedAt = performance.now();
        const { code, output } = await run(program, args);
        const problem = code === 0 ? doubt?.(output) : `exit code ${code}`;
        const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
        if (problem === undefined) {
          outcome.passed++;
          console.log(`✓ ${name} (${seconds} s)`);
        } else {
          outcome.failed.push(name);
          console.log(`✗ ${name} (${seconds} s): ${problem}\n${output}`);
        }
      }),
    ),
  );
  return outcome;
}

/** dependency-cruiser is content with a TypeScript that it cannot use: it then reads nothing. */
function hasReadTooLittle(output: string): string | undefined {
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  );
  const read = Number(/\((\d+) modules/.exec(stripVTControlCharacters(output))?.[1] ?? 0);
  return read < files.length ? `it read ${read} modules, src has ${files.length} files` : undefined;
}
