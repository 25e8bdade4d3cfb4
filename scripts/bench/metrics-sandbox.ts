/** A cloud of 2,000 instances and a portal that shows them, for `metrics-cycle.ts`: in a process of its own, as they are. */
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { showServers } from '../../test/support/metrics-scenario.ts';

const sandbox = await startSandbox({
  projects: 100,
  stacks: 500,
  servers: 4,
  pace: 0,
  latencyMs: Number(process.argv[2] ?? 0),
});
showServers(sandbox);
process.send?.(sandbox.config);
