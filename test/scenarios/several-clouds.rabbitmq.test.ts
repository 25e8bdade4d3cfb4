import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { queueNames } from '../../src/amqp/queues.ts';
import { configFromValues } from '../../src/config/load.ts';
import { createLogger } from '../../src/observability/logger.ts';
import type { RunReport } from '../../src/reconcile/run-report.ts';
import { exchanges } from '../../src/sandbox/notifications.ts';
import { publishNotifications } from '../../src/sandbox/notifications-rabbitmq.ts';
import { Service } from '../../src/service.ts';
import { outOfStep } from '../support/in-step.ts';
import { until } from '../support/listening-scenario.ts';
import {
  type PrivateBroker,
  startPrivateBroker,
  whyNoPrivateBroker,
  withConnection,
} from '../support/rabbitmq.ts';
import { startTwoClouds } from '../support/two-clouds.ts';

const why = whyNoPrivateBroker();

describe.skipIf(why !== undefined)(`several clouds with RabbitMQ${why ? ` (skipped: ${why})` : ''}`, () => {
  let broker: PrivateBroker;
  beforeAll(async () => {
    broker = await startPrivateBroker();
  }, 150_000);
  afterAll(async () => {
    await broker[Symbol.asyncDispose]();
  });

  /** Two clouds in one configuration, and the service on them. */
  async function startListening({ south: southIsHeard, interval }: { south: boolean; interval: number }) {
    const clouds = await startTwoClouds({ projects: 2, stacks: 2, servers: 2 });
    const { north, south } = clouds;
    const prefix = `${randomUUID().slice(0, 8)}-`;
    const publishers = await Promise.all(
      [north, ...(southIsHeard ? [south] : [])].map(({ cloud }) =>
        publishNotifications(cloud, broker.url, { exchangePrefix: prefix, onError: () => {} }),
      ),
    );
    const rmq = {
      rmq_address: broker.host,
      rmq_port: broker.port,
      rmq_username: 'guest',
      rmq_password: 'guest',
      deployment: prefix,
      exchanges: exchanges.map((exchange) => `${prefix}${exchange}`),
    };
    const reports: RunReport[] = [];
    const logged: string[] = [];
    const service = new Service({
      config: configFromValues({
        concertim: north.config.concertim,
        clouds: north.clouds.map(({ name, config }) => ({
          name,
          ...config,
          ...((name === 'north' || southIsHeard) && { rmq }),
        })),
        updates: { interval },
      }),
      components: ['updates_bulk', 'updates_mq'],
      log: createLogger({
        level: 'info',
        format: 'json',
        output: { write: (line) => void logged.push(line) },
      }),
      onReport: (report) => void reports.push(report),
    });
    const stop = new AbortController();
    const running = service.run(stop.signal);
    const inStep = () =>
      until(
        () => outOfStep(north).length === 0,
        60_000,
        () => `${outOfStep(north).join('; ')} in ${logged.join('')}`,
      );
    await inStep();
    await until(
      () => logged.filter((line) => line.includes('listening to notifications')).length === publishers.length,
      60_000,
      () => logged.join(''),
    );
    return {
      ...clouds,
      prefix,
      logged,
      reports,
      inStep,
      async [Symbol.asyncDispose]() {
        stop.abort();
        await running;
        await service[Symbol.asyncDispose]();
        for (const publisher of publishers) await publisher[Symbol.asyncDispose]();
        await clouds[Symbol.asyncDispose]();
      },
    };
  }

  test('that share a broker are both heard, from a queue for each', { timeout: 120_000 }, async () => {
    await using listening = await startListening({ south: true, interval: 3_600 });
    const { north, south, prefix, inStep } = listening;

    for (const { cloud, population } of [north, south]) {
      const [account] = population.accounts;
      const [stack] = cloud.orchestration.stacks(account?.project.id ?? '');
      cloud.orchestration.deleteStack(stack?.id ?? '');
    }
    await inStep();

    for (const deployment of [prefix, `${prefix}.south`]) {
      const queue = queueNames(deployment).notifications;
      const { consumerCount } = await withConnection(broker.url, (connection) =>
        connection.queueDeclare({ queue, passive: true }),
      );
      expect(consumerCount).toBe(1);
    }
  });

  test('of which one has no broker have no drift', { timeout: 120_000 }, async () => {
    await using listening = await startListening({ south: false, interval: 1 });
    const { south, reports, inStep } = listening;
    const threeMoreRuns = async () => {
      const seen = reports.length;
      await until(
        () => reports.length > seen + 2,
        60_000,
        () => 'three more runs',
      );
    };
    await threeMoreRuns();
    const [account] = south.population.accounts;
    const [stack] = south.cloud.orchestration.stacks(account?.project.id ?? '');

    south.cloud.orchestration.deleteStack(stack?.id ?? '');
    await inStep();
    await threeMoreRuns();

    expect(reports.map(({ drift }) => drift)).toEqual(reports.map(() => []));
  });
});
