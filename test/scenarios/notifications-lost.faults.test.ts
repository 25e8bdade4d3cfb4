import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/runtime/clock.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { type Command, command } from '../support/command.ts';
import { outOfStep } from '../support/in-step.ts';
import { startListening, until } from '../support/listening-scenario.ts';
import {
  type PrivateBroker,
  startPrivateBroker,
  whyNoPrivateBroker,
  withConnection,
} from '../support/rabbitmq.ts';

const why = whyNoPrivateBroker();

/** Nothing is lost, whatever dies: the portal ends equal to the cloud, and the timer's full run is an hour away. */
describe.skipIf(why !== undefined)(`with a RabbitMQ to kill${why ? ` (skipped: ${why})` : ''}`, () => {
  let broker: PrivateBroker;
  beforeEach(async () => {
    broker = await startPrivateBroker();
  });
  afterEach(async () => {
    await broker[Symbol.asyncDispose]();
  });

  test('the broker is killed and comes back in the middle of a burst', async () => {
    await using listening = await startListening({ broker, isWatched: true, stacks: 20, servers: 4 });
    const burst = makeBurst(listening.sandbox, 15_000);
    await systemClock.sleep(3_000);
    await broker.kill();
    await systemClock.sleep(2_000);
    await broker.start();
    await burst;

    const ms = await listening.inStep(60_000);

    console.log(`broker killed in a burst: in step ${Math.round(ms)} ms after its end`);
    expect(listening.harmed()).toEqual([]);
  });

  test('the broker is down at the start', async () => {
    await using listening = await startListening({ broker, isWatched: true, withService: false });
    await broker.kill();
    await using service = serve(listening.configFile);

    await until(
      () => outOfStep(listening.sandbox).length === 0,
      60_000,
      () => 'the portal in step without RabbitMQ',
    );
    await broker.start();
    await service.saw('listening to notifications');
    stopAll(listening.sandbox);

    await listening.inStep(30_000);
    expect(listening.harmed()).toEqual([]);
  });

  test('the service is killed in the middle of a burst and starts again', async () => {
    await using listening = await startListening({
      broker,
      isWatched: true,
      stacks: 20,
      servers: 4,
      withService: false,
    });
    await using first = serve(listening.configFile);
    await first.saw('listening to notifications');
    await listening.inStep(30_000);
    const burst = makeBurst(listening.sandbox, 8_000);
    await systemClock.sleep(3_000);
    first.kill('SIGKILL');
    await first.finished;
    await systemClock.sleep(2_000);
    await using second = serve(listening.configFile);
    await burst;
    await second.saw('listening to notifications');

    const ms = await listening.inStep(60_000);

    console.log(`service killed in a burst: in step ${Math.round(ms)} ms after its end`);
    expect(listening.harmed()).toEqual([]);
  });

  test('the portal is down for a minute', async () => {
    await using listening = await startListening({ broker, isWatched: true, stacks: 20, servers: 4 });
    const back = listening.sandbox.faults.add({ service: 'concertim', kind: 'reset-before' });
    await makeBurst(listening.sandbox, 10_000);
    await systemClock.sleep(50_000);
    back();

    const ms = await listening.inStep(90_000);

    console.log(`portal down for a minute: in step ${Math.round(ms)} ms after it came back`);
    expect(listening.harmed()).toEqual([]);
  });

  test('the queue is deleted in the middle of a burst', async () => {
    await using listening = await startListening({ broker, isWatched: true, stacks: 20, servers: 4 });
    const burst = makeBurst(listening.sandbox, 6_000);
    await systemClock.sleep(2_000);
    await withConnection(broker.url, (connection) =>
      connection.queueDelete({ queue: listening.names.notifications }),
    );
    await burst;

    await listening.inStep(60_000);
    expect(listening.harmed()).toEqual([]);
  });

  test('an account that may not declare queues is reported which permission is missing, and works once it is granted', async () => {
    await using listening = await startListening({ broker, isWatched: true, withService: false });
    await broker.control('add_user', 'openstack', 'secret');
    await broker.control('set_permissions', 'openstack', '^nova$', '^nova$', '.*');
    const rmq = { rmq_username: 'openstack', rmq_password: 'secret' };
    await using service = serve(await listening.configWith({ rmq }));

    await service.saw('lacks the permission \\"configure\\" on exchange \\"concertim.');
    await broker.control('set_permissions', 'openstack', '^concertim\\..*', '^concertim\\..*', '.*');
    await service.saw('listening to notifications');
    stopAll(listening.sandbox);

    await listening.inStep(30_000);
    expect(listening.harmed()).toEqual([]);
  });

  test('a queue that overflows is noticed, and a full run catches up', async () => {
    await using listening = await startListening({ broker, isWatched: true });
    const { sandbox, names, logged } = listening;
    await withConnection(broker.url, async (connection) => {
      const publisher = connection.createPublisher({ confirm: true });
      await publisher.send({ exchange: names.exchange, routingKey: names.lost }, Buffer.from('dropped'));
      await publisher.close();
    });

    await listening.saw('notifications lost by queue overflow');
    stopAll(sandbox);
    await listening.inStep();

    expect(logged.filter((line) => line.includes('notifications lost by queue overflow'))).toHaveLength(1);
    expect(listening.harmed()).toEqual([]);
  });
});

/** Servers are stopped and started, a few each time, for so long. */
async function makeBurst({ cloud }: Sandbox, ms: number): Promise<void> {
  const servers = [...cloud.compute.servers()];
  const until = performance.now() + ms;
  for (let at = 0; performance.now() < until; at++) {
    const server = servers[(at * 7) % servers.length];
    if (server) cloud.compute.act(server.id, server.vmState === 'stopped' ? 'start' : 'stop');
    await systemClock.sleep(5);
  }
}

function stopAll({ cloud }: Sandbox): void {
  for (const { id, vmState } of cloud.compute.servers())
    if (vmState !== 'stopped') cloud.compute.act(id, 'stop');
}

/** The service in a process of its own. */
function serve(configFile: string): Command & AsyncDisposable {
  const process = command('run', 'updates_bulk', 'updates_mq', '--config', configFile);
  return Object.assign(process, {
    async [Symbol.asyncDispose]() {
      process.kill('SIGKILL');
      await process.finished;
    },
  });
}
