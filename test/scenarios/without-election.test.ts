/** A RabbitMQ that is configured and never answers: nothing elects a writer. */
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { configFromValues } from '../../src/config/load.ts';
import { createLogger } from '../../src/observability/logger.ts';
import { seededRandom } from '../../src/runtime/random.ts';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { Service } from '../../src/service.ts';
import { HastyClock } from '../support/manual-clock.ts';

/** How often the service tries to reach RabbitMQ: for more than half a minute of its time. */
const tries = 12;

test.each([
  { choice: 'write', writes: true },
  { choice: 'wait', writes: false },
] as const)(
  'with `updates.without_election: $choice` updates_bulk writes to the portal: $writes',
  async (situation) => {
    await using sandbox = await startSandbox({ projects: 1, stacks: 1, servers: 1, pace: 0 });
    const clock = new HastyClock();
    const stop = new AbortController();
    const logged: string[] = [];
    const write = (line: string) => {
      logged.push(line);
      if (line.includes('"msg":"reconciled"')) stop.abort();
    };
    const config = configFromValues({
      ...sandbox.config,
      rmq: { rmq_address: '127.0.0.1', rmq_port: 1, rmq_password: 'none' },
      updates: { without_election: situation.choice },
    });
    await using service = new Service({
      config,
      components: ['updates_bulk'],
      clock: {
        now: () => clock.now(),
        async sleep(ms, signal) {
          if (clock.slept.length > 8 * tries) stop.abort();
          await clock.sleep(ms, signal);
        },
      },
      random: seededRandom(1),
      log: createLogger({ level: 'info', format: 'json', output: { write } }),
    });

    await Promise.race([service.run(stop.signal), delay(20_000, undefined, { ref: false })]);

    expect(logged.some((line) => line.includes('without election'))).toBe(situation.writes);
    expect(sandbox.portal.racks.all().length > 0).toBe(situation.writes);
  },
);
