import { expect, test } from 'vitest';
import { startMetrics } from '../support/metrics-scenario.ts';

test('2,000 instances with an interface and a disk each cost Gnocchi at most 12 requests a cycle', async () => {
  await using metrics = await startMetrics({ projects: 100, stacks: 500, servers: 4 });
  // Sending 10,000 values each time is another matter: see `npm run bench -- --only metrics`.
  metrics.sandbox.faults.add({ service: 'concertim', path: /^\/mrd\//, kind: 'answer', status: 404 });
  await metrics.cycle(600_000);

  // Long enough for each of its caches to be renewed on the way.
  for (let cycle = 0; cycle < 5; cycle++) {
    await metrics.clock.sleep(120_000);
    const report = await metrics.cycle(600_000);

    expect(report).toMatchObject({ instances: 2_000, known: 10_000, failures: [] });
    expect(report.requests['Gnocchi']).toBeLessThanOrEqual(12);
  }
}, 60_000);
