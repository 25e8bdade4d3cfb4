/** Messages as large as a RabbitMQ takes them cost no more memory than a few of them, and stop nothing. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/runtime/clock.ts';
import { startListening } from '../support/listening-scenario.ts';
import {
  type PrivateBroker,
  startPrivateBroker,
  whyNoPrivateBroker,
  withConnection,
} from '../support/rabbitmq.ts';

const why = whyNoPrivateBroker();
const messages = 12;
const messageBytes = 64 * 1024 * 1024;

describe.skipIf(why !== undefined)(`with a RabbitMQ${why ? ` (skipped: ${why})` : ''}`, () => {
  let broker: PrivateBroker;
  beforeAll(async () => {
    broker = await startPrivateBroker();
  }, 60_000);
  afterAll(async () => {
    await broker[Symbol.asyncDispose]();
  });

  test('three quarters of a gigabyte of nonsense are rotated, their beginnings only, and what comes after is heard', async () => {
    await using listening = await startListening({ broker });
    const { sandbox, names, prefix, logged } = listening;
    const before = process.memoryUsage().rss;
    let most = 0;
    const body = Buffer.alloc(messageBytes, '[');

    await withConnection(broker.url, async (connection) => {
      const publisher = connection.createPublisher({ confirm: true });
      for (let at = 0; at < messages; at++) {
        await publisher.send({ exchange: `${prefix}nova`, routingKey: 'notifications.info' }, body);
        most = Math.max(most, process.memoryUsage().rss);
      }
      await publisher.close();
    });
    const [server] = sandbox.cloud.compute.servers();
    if (server) sandbox.cloud.compute.act(server.id, 'stop');
    await listening.inStep(60_000);
    const dead = await withConnection(broker.url, async (connection) => {
      await systemClock.sleep(100);
      return connection.basicGet({ queue: names.deadLetters });
    });

    expect(logged.filter((line) => line.includes('is too large: 67108864 bytes')).length).toBe(messages);
    expect(dead?.body).toHaveLength(64 * 1024);
    expect(most - before).toBeLessThan(messages * messageBytes * 0.75);
  }, 120_000);

  test('a hundred megabytes that call themselves JSON are not parsed: nothing waits, and what comes after is heard', async () => {
    await using listening = await startListening({ broker });
    const { sandbox, names, prefix, logged } = listening;
    const body = Buffer.concat([Buffer.from('[{}'), Buffer.alloc(100_000_000, ',{}'), Buffer.from(']')]);
    const lag = monitorEventLoopDelay();

    await withConnection(broker.url, async (connection) => {
      const publisher = connection.createPublisher({ confirm: true });
      const contentType = 'application/json';
      await publisher.send(
        { exchange: `${prefix}nova`, routingKey: 'notifications.info', contentType },
        body,
      );
      await publisher.close();
    });
    const before = process.memoryUsage().rss;
    lag.enable();
    const [server] = sandbox.cloud.compute.servers();
    if (server) sandbox.cloud.compute.act(server.id, 'stop');
    await listening.inStep(60_000);
    await listening.saw('is too large: 100000004 bytes');
    lag.disable();
    const { messageCount } = await withConnection(broker.url, (connection) =>
      connection.queueDeclare({ queue: names.notifications, passive: true }),
    );

    expect(messageCount).toBe(0);
    expect(logged.filter((line) => line.includes('is too large'))).toHaveLength(1);
    expect(process.memoryUsage().rss - before).toBeLessThan(1_000_000_000);
    // Parsed it took a minute.
    expect(lag.max / 1e6).toBeLessThan(10_000);
  }, 120_000);
});
