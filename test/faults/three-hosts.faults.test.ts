/** The service on three hosts: whatever is cut off, one process writes at a time, and another one takes over. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { queueNames } from '../../src/amqp/queues.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { whyNoPrivateBroker } from '../support/rabbitmq.ts';
import { type Cut, type Host, whyNoHosts } from './host-network.ts';
import { ThreeHosts } from './three-hosts.ts';

const why = whyNoHosts() ?? whyNoPrivateBroker();
if (why) console.log(`NOT RUN, three hosts: ${why}`);

describe.skipIf(why !== undefined)(`three hosts${why ? ` (skipped: ${why})` : ''}`, () => {
  let hosts: ThreeHosts;
  beforeAll(async () => {
    hosts = await ThreeHosts.start();
    await hosts.inStep();
  }, 480_000);
  afterAll(async () => {
    await hosts[Symbol.asyncDispose]();
  });

  const portal = () => ({ from: [hosts.network.address], port: hosts.sandbox.services.concertim.port });
  const others = (host: Host) => hosts.network.hosts.filter((other) => other !== host);
  const situations: readonly {
    readonly name: string;
    readonly cut: (host: Host) => Omit<Cut, 'host'>;
  }[] = [
    { name: 'every node of the broker', cut: () => ({ port: 5672 }) },
    { name: 'the other hosts', cut: (host) => ({ from: others(host).map(({ address }) => address) }) },
    { name: 'everything', cut: () => ({}) },
    { name: 'the portal', cut: portal },
  ];

  test('the clocks of the hosts are minutes apart', () => {
    const clocks = hosts.network.hosts.map((host) => {
      const [first = ''] = hosts.process(host).printed().split('\n');
      return Date.parse((JSON.parse(first) as { time: string }).time);
    });

    expect(Math.max(...clocks) - Math.min(...clocks)).toBeGreaterThan(15 * 60_000);
  });

  test.each(situations)(
    'the writer is cut off from $name: another host writes',
    async ({ name, cut }) => {
      await notThePublisher();
      const { writer } = hosts;

      const since = performance.now();
      const heal = await hosts.network.cut({ host: writer, ...cut(writer) });
      const ms = await hosts.takenOver(since, writer, 600_000);
      await hosts.inStep();
      await heal();
      await hosts.cluster.whole();
      await hosts.inStep();

      console.log(`taken over after ${(ms / 1_000).toFixed(1)} s: writer cut off from ${name}`);
      expect(hosts.doubleWriters()).toEqual([]);
    },
    900_000,
  );

  test('the node of the broker that the writer is connected to is killed: soon a host writes again', async () => {
    const { cluster, deployment } = hosts;
    const node = await cluster.hostOfActiveConsumer(queueNames(deployment).writer);

    const since = performance.now();
    await cluster.kill(node);
    await systemClock.sleep(30_000);
    const ms = hosts.writes.longestGapSince(since);
    await cluster.start(node);
    await cluster.whole();
    await hosts.inStep();

    console.log(`nobody wrote for ${(ms / 1_000).toFixed(1)} s: the writer's node of the broker killed`);
    expect(ms).toBeLessThan(30_000);
    expect(hosts.doubleWriters()).toEqual([]);
  }, 300_000);

  test('the nodes of the broker lose that of the writer for a moment: nobody is told, and one process writes', async () => {
    const { writer } = hosts;

    await hosts.cluster.disconnect(writer);
    await systemClock.sleep(30_000);
    await hosts.cluster.whole();
    await hosts.inStep();

    expect(hosts.doubleWriters()).toEqual([]);
  }, 300_000);

  test.each(['SIGTERM', 'SIGKILL'] as const)(
    'the writer gets %s: another host writes',
    async (signal) => {
      const ms = await end(signal);

      console.log(`taken over after ${(ms / 1_000).toFixed(1)} s: ${signal}`);
      expect(hosts.doubleWriters()).toEqual([]);
    },
    120_000,
  );

  /** Ends the writer, and starts it again once another host writes. */
  async function end(signal: NodeJS.Signals): Promise<number> {
    const { writer } = hosts;
    const process = hosts.process(writer);
    const since = performance.now();
    process.kill(signal);
    const ms = await hosts.takenOver(since, writer, 60_000);
    await process.finished;
    hosts.startProcess(writer);
    await hosts.process(writer).saw('listening to notifications');
    return ms;
  }

  async function notThePublisher(): Promise<void> {
    while (hosts.writer === hosts.publisher) await end('SIGTERM');
  }
});
