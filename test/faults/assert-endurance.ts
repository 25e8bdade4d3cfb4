import fc from 'fast-check';
import { corruption } from './corruption.ts';
import { World } from './world.ts';

const harm = fc.record({
  service: fc.constantFrom('keystone', 'nova', 'heat', 'neutron', 'gnocchi', 'concertim'),
  corruption,
  skip: fc.nat(8),
  times: fc.integer({ min: 1, max: 6 }),
});

/** `FUZZ='seed path'`: one case again, as a failure prints it. */
const again = process.env['FUZZ']?.split(' ');

/** One simulated hour at most: far beyond every back-off. */
const mostRecoveryMs = 3_600_000;

/**
 * Answers that make no sense, each to some exchanges, while the service starts and goes on: it lives, says nothing secret, touches
 * nothing that was made by hand, and once the answers are whole again the portal shows the cloud.
 *
 * @throws with a line that reproduces the case that failed
 */
export async function assertEndurance(options: {
  readonly runs: number;
  readonly seed: number;
  readonly limitMs?: number;
}): Promise<number> {
  const { runs, seed, limitMs } = options;
  const property = fc.asyncProperty(fc.array(harm, { minLength: 1, maxLength: 6 }), async (harms) => {
    await using world = await World.create({
      projects: 1,
      stacks: 1,
      servers: 2,
      components: ['updates_bulk', 'updates_mq', 'metrics'],
    });
    for (const { service, corruption, skip, times } of harms)
      world.sandbox.faults.add({ ...corruption, service, skip, times });
    await world.start();
    await world.pass(20_000);
    world.sandbox.tick(2);
    await world.pass(300_000);
    world.sandbox.faults.clear();
    await world.untilRight(mostRecoveryMs);
    const problems = [...world.wrong(), ...(await world.endOfLies()), ...world.defects()];
    if (problems.length > 0) throw new Error(problems.slice(0, 5).join('; '));
  });
  const [againSeed, path] = again ?? [];
  const details = await fc.check(property, {
    seed: againSeed === undefined ? seed : Number(againSeed),
    ...(path === undefined ? { numRuns: runs } : { path, numRuns: 1, endOnFailure: true }),
    // A run that hangs is to be found, not cut off with the rest.
    timeout: 90_000,
    ...(limitMs === undefined ? {} : { interruptAfterTimeLimit: limitMs }),
  });
  if (details.failed) {
    throw new Error(
      [
        String(details.errorInstance),
        fc.stringify(details.counterexample),
        `Again: FUZZ='${details.seed} ${details.counterexamplePath}' npx vitest run -c vitest.faults.config.ts test/faults/upstream-fuzz`,
      ].join('\n'),
      { cause: details.errorInstance },
    );
  }
  return details.numRuns;
}
