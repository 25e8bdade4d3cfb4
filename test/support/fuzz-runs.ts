import type { TestContext } from 'vitest';

/**
 * How a fuzzer draws: as often as `FUZZ_RUNS` says, from the seed `FUZZ_SEED`, or from another one each time, which the run prints
 * together with what repeats it.
 *
 * @param of what is fuzzed, as the run's last lines name it
 * @param usual how often it draws by itself
 */
export function fuzzRuns(
  { task }: TestContext,
  of: string,
  usual: number,
): { numRuns: number; seed: number } {
  const numRuns = Number(process.env['FUZZ_RUNS'] ?? usual);
  const seed = Number(process.env['FUZZ_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
  task.meta.runs = { of, count: numRuns, again: `FUZZ_SEED=${seed} FUZZ_RUNS=${numRuns}` };
  return { numRuns, seed };
}
