import { expect, test } from 'vitest';
import { createLogger } from '../../src/observability/logger.ts';
import { Tracing } from '../../src/observability/tracing.ts';
import { ReconcileLoop } from '../../src/reconcile/reconcile-loop.ts';
import { HastyClock } from '../support/manual-clock.ts';
import { startReconcilerByHand } from '../support/reconciler-by-hand.ts';

/** How long a writer counts as stuck decides when another process may take over. */

async function start() {
  const clock = new HastyClock();
  const deletions = { maxDeletions: 5, maxShare: 0.3, allowAll: false };
  const started = await startReconcilerByHand({ stacks: 1, servers: 1, clock }, { deletions });
  const { reconciler, random } = started;
  const log = createLogger({ level: 'critical', format: 'json' });
  const loop = new ReconcileLoop({
    reconciler,
    intervalMs: 150_000,
    clock,
    random,
    log,
    tracing: new Tracing(),
  });
  return { started, clock, loop, run: () => loop.runFull(new AbortController().signal) };
}

test.each(['concertim', 'heat'] as const)(
  'while %s is unavailable a writer is stuck from the end of its first run to the end of its last',
  async (service) => {
    const { started, clock, loop, run } = await start();
    await using scenario = started;
    scenario.sandbox.faults.add({ service, kind: 'answer', status: 503 });
    await run();
    await clock.sleep(40_000);
    // The run that is under way at this moment may succeed.
    const before = loop.stuckMs;
    await run();
    const after = loop.stuckMs;
    scenario.sandbox.faults.clear();
    await run();

    expect(before).toBe(0);
    expect(after).toBeGreaterThanOrEqual(40_000);
    expect(loop.stuckMs).toBe(0);
  },
);

test('a refused password is no reason to let another process write', async () => {
  const { started, clock, loop, run } = await start();
  await using scenario = started;
  scenario.sandbox.faults.add({ service: 'concertim', path: /sign_in/, kind: 'answer', status: 401 });
  await run();
  await clock.sleep(40_000);
  await run();

  expect(loop.stuckMs).toBe(0);
});
