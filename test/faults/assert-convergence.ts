import fc from 'fast-check';
import { convergence } from './model.ts';

/** `MODEL='seed path replayPath'`: one case again, as a failure prints it. */
const again = process.env['MODEL']?.split(' ');

/**
 * Runs the model so often, or for so long.
 *
 * @returns how often it was run
 * @throws with a line that reproduces the case that failed
 */
export async function assertConvergence(options: {
  readonly runs: number;
  readonly seed: number;
  readonly limitMs?: number;
}): Promise<number> {
  const [seed, path, replayPath] = again ?? [];
  const { limitMs } = options;
  const details = await fc.check(convergence({ replayPath }), {
    seed: seed === undefined ? options.seed : Number(seed),
    ...(path === undefined ? { numRuns: options.runs } : { path, numRuns: 1, endOnFailure: true }),
    // A run that hangs is to be found, not cut off with the rest.
    timeout: 90_000,
    ...(limitMs === undefined ? {} : { interruptAfterTimeLimit: limitMs }),
  });
  if (details.failed) {
    const shown = fc.stringify(details.counterexample);
    const replay = /replayPath="([^"]*)"/.exec(shown)?.[1] ?? '';
    throw new Error(
      [
        String(details.errorInstance),
        shown,
        `Again: MODEL='${details.seed} ${details.counterexamplePath} ${replay}' npx vitest run -c vitest.faults.config.ts test/faults/model-1`,
      ].join('\n'),
      { cause: details.errorInstance },
    );
  }
  return details.numRuns;
}
