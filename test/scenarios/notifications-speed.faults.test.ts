import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/runtime/clock.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { startListening, until } from '../support/listening-scenario.ts';
import { type PrivateBroker, startPrivateBroker, whyNoPrivateBroker } from '../support/rabbitmq.ts';

const why = whyNoPrivateBroker();
const figures: string[] = [];

describe.skipIf(why !== undefined)(`with a RabbitMQ of our own${why ? ` (skipped: ${why})` : ''}`, () => {
  let broker: PrivateBroker;
  beforeAll(async () => {
    broker = await startPrivateBroker();
  });
  afterAll(async () => {
    await broker[Symbol.asyncDispose]();
    console.log(figures.join('\n'));
  });

  test('a single event is a PATCH at the portal within 100 ms, 99 times of 100', async () => {
    await using listening = await startListening({ broker, stacks: 20, projects: 4, servers: 5 });
    const { sandbox } = listening;
    const servers = [...sandbox.cloud.compute.servers()];
    const times: number[] = [];

    for (let event = 0; event < 1_000; event++) {
      const server = servers[event % servers.length];
      if (!server) throw new Error('the sandbox is empty');
      const wanted = server.vmState === 'stopped' ? 'ACTIVE' : 'STOPPED';
      const startedAt = performance.now();
      sandbox.cloud.compute.act(server.id, wanted === 'ACTIVE' ? 'start' : 'stop');
      await until(
        () => statusOf(sandbox, server.id) === wanted,
        10_000,
        () => `${wanted} after event ${event}`,
      );
      times.push(performance.now() - startedAt);
    }

    times.sort((a, b) => a - b);
    const percentile = (share: number) => times[Math.ceil(times.length * share) - 1] ?? Number.NaN;
    figures.push(
      `event to PATCH, 1,000 single events: median ${percentile(0.5).toFixed(0)} ms, p99 ${percentile(0.99).toFixed(0)} ms, most ${percentile(1).toFixed(0)} ms`,
    );
    expect(percentile(0.99)).toBeLessThan(100);
  });

  test('ten thousand events over 500 stacks settle in 30 s with a portal of 20 ms a write', async () => {
    await using listening = await startListening({
      broker,
      projects: 10,
      stacks: 500,
      servers: 4,
      latencyMs: { portal: 20 },
    });
    const { sandbox } = listening;
    const servers = [...sandbox.cloud.compute.servers()];
    let events = 0;
    sandbox.cloud.onEvent(() => events++);
    sandbox.services.concertim.forget();
    sandbox.services.nova.forget();
    const heapBefore = process.memoryUsage().heapUsed;

    const startedAt = performance.now();
    for (const verb of ['stop', 'start', 'stop'] as const) {
      for (const server of servers) sandbox.cloud.compute.act(server.id, verb);
    }
    const watching = new AbortController();
    const watched = watchHeap(watching.signal);
    await listening.sent();
    await listening.inStep(60_000);
    const ms = performance.now() - startedAt;
    expect(events).toBeGreaterThanOrEqual(10_000);
    watching.abort();
    const mostHeap = await watched;

    const writes = sandbox.services.concertim.seen.filter(({ method }) => method !== 'GET').length;
    figures.push(
      `${events} events over 500 stacks: in step after ${(ms / 1000).toFixed(1)} s, ${writes} writes, ${sandbox.services.nova.seen.length} requests to Nova, heap +${((mostHeap - heapBefore) / 2 ** 20).toFixed(0)} MB`,
    );
    expect(ms).toBeLessThan(30_000);
  });
});

function statusOf({ portal }: Sandbox, serverId: string): string | undefined {
  return portal.devices.all().find(({ metadata }) => metadata['openstack_instance_id'] === serverId)?.status;
}

/** @returns the most that was in use until the signal was aborted, bytes */
async function watchHeap(signal: AbortSignal): Promise<number> {
  let most = 0;
  while (!signal.aborted) {
    most = Math.max(most, process.memoryUsage().heapUsed);
    await systemClock.sleep(50);
  }
  return most;
}
