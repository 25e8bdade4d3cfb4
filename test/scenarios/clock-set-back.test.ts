/** A machine whose clock was ahead until somebody, or NTP, set it right: nothing may wait for the time it has shown before. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import type { ComponentName } from '../../src/components.ts';
import { loadConfig } from '../../src/config/load.ts';
import { createLogger } from '../../src/observability/logger.ts';
import { seededRandom } from '../../src/runtime/random.ts';
import { nodeGroup } from '../../src/sandbox/cluster.ts';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { Service } from '../../src/service.ts';
import { outOfStep } from '../support/in-step.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const minute = 60_000;
const hour = 60 * minute;

/** A service in its own loops, by a clock that is an hour ahead of everybody else's. */
async function startAhead(components: readonly ComponentName[]) {
  const origins = new Set<string>();
  const clock = new VirtualClock((origin) => origins.has(origin));
  const sandbox = await startSandbox({ projects: 1, stacks: 1, servers: 2, pace: 0, clock });
  for (const { url } of Object.values(sandbox.services)) origins.add(url);
  await clock.pass(2 * hour);
  const folder = mkdtempSync(join(tmpdir(), 'clock-'));
  const file = join(folder, 'config.yaml');
  writeFileSync(file, stringify(sandbox.config));
  let ahead = hour;
  // Until then nobody sleeps, and no time must pass.
  const { promise: beginning, resolve: begun } = Promise.withResolvers<string>();
  const service = new Service({
    config: loadConfig({ file, env: {} }),
    components,
    clock: { now: () => clock.now() + ahead, sleep: (ms, signal) => clock.sleep(ms, signal) },
    random: seededRandom(1),
    log: createLogger({ level: 'info', format: 'json', output: { write: (line) => begun(line) } }),
  });
  const stop = new AbortController();
  const running = service.run(stop.signal);
  await beginning;
  return {
    sandbox,
    clock,
    setBack: () => void (ahead = 0),
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
      await service[Symbol.asyncDispose]();
      await sandbox.close();
      clock[Symbol.dispose]();
      rmSync(folder, { recursive: true });
    },
  };
}

test('the portal is kept in step at the usual intervals', async () => {
  await using given = await startAhead(['updates_bulk']);
  const { sandbox, clock } = given;
  await clock.pass(5 * minute);
  expect(outOfStep(sandbox)).toEqual([]);

  given.setBack();
  const [server] = sandbox.cloud.compute.servers();
  sandbox.cloud.compute.act(server?.id ?? '', 'stop');
  await clock.pass(5 * minute);

  expect(outOfStep(sandbox)).toEqual([]);
});

test('servers that are made then soon have their figures', async () => {
  await using given = await startAhead(['updates_bulk', 'metrics']);
  const { sandbox, clock } = given;
  await clock.pass(10 * minute);

  given.setBack();
  const root = [...sandbox.cloud.orchestration.stacks()].find(({ parent }) => !parent);
  sandbox.cloud.orchestration.resizeGroup(root?.id ?? '', nodeGroup, 3);
  await clock.pass(30 * minute);

  const servers = sandbox.portal.devices.all().filter(({ kind }) => kind === 'Instance');
  const figures = servers.map(({ id }) => sandbox.metricDaemon.shown(id).size);
  expect(figures).toEqual([5, 5, 5, 5]);
});
