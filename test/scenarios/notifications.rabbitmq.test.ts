import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { queueNames } from '../../src/amqp/queues.ts';
import { rootOf } from '../../src/sandbox/cloud/stack.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { capturedMessages, captures } from '../support/captured-notifications.ts';
import { startListening, until } from '../support/listening-scenario.ts';
import { anyBroker, type TestBroker, whyNoBroker, withConnection } from '../support/rabbitmq.ts';

const why = await whyNoBroker();

describe.skipIf(why !== undefined)(`with a RabbitMQ${why ? ` (skipped: ${why})` : ''}`, () => {
  let broker: TestBroker;
  beforeAll(async () => {
    broker = await anyBroker();
  }, 90_000);
  afterAll(async () => {
    await broker[Symbol.asyncDispose]();
  });

  test('what happens in the cloud shows at once, without a full run', async () => {
    await using listening = await startListening({ broker, release: 'main' });
    const { sandbox, reports } = listening;
    const { blockStorage, compute, networking, orchestration } = sandbox.cloud;
    const fullRuns = () => reports.filter(({ scope }) => scope === 'full').length;
    const before = fullRuns();
    const [stack, other] = rootStacks(sandbox);
    const [server, second] = [...orchestration.serversOf(must(stack))];

    compute.act(must(server).id, 'stop');
    await listening.inStep();
    expect(statusOf(sandbox, must(server).id)).toBe('STOPPED');
    compute.act(must(server).id, 'start');
    await listening.inStep();
    expect(statusOf(sandbox, must(server).id)).toBe('ACTIVE');
    // Nova hands back the volume that it had: Cinder announces that.
    const [volume] = must(second).volumes;
    compute.deleteServer(must(second).id);
    await listening.inStep();
    expect(statusOf(sandbox, must(second).id)).toBeUndefined();
    expect(statusOf(sandbox, must(volume).id)).toBe('AVAILABLE');
    blockStorage.changeVolume(must(volume).id, { status: 'error' });
    await listening.inStep();
    expect(statusOf(sandbox, must(volume).id)).toBe('FAILED');
    const network = must(
      [...networking.networks.values()].find(({ isShared, isExternal }) => !isShared && !isExternal),
    );
    networking.changeNetwork(network.id, { adminStateUp: false });
    await listening.inStep();
    expect(statusOf(sandbox, network.id)).toBe('STOPPED');
    // Nova announces neither change, and Neutron does not say which server loses the address.
    const publicIps = () => deviceOf(sandbox, must(server).id)?.public_ips;
    sandbox.cloud.setFloatingIp(must(server).id, false);
    sandbox.cloud.setFloatingIp(must(server).id, true);
    await listening.inStep();
    expect(publicIps()).toMatch(/:198\.1[89]\./);
    sandbox.cloud.setFloatingIp(must(server).id, false);
    await listening.inStep();
    expect(publicIps()).toBe('');
    orchestration.suspendStack(must(other).id);
    await listening.inStep();
    const [account] = sandbox.population.accounts;
    const { project, user: owner } = must(account);
    orchestration.createStack({ name: 'brand-new', project, owner, template: must(must(stack).template) });
    await listening.inStep();
    orchestration.deleteStack(must(other).id);
    await listening.inStep();

    expect(sandbox.portal.racks.all().map(({ name }) => name)).toContain('brand-new');
    expect(fullRuns()).toBe(before);
  });

  test('a server that takes its time shows IN_PROGRESS meanwhile', async () => {
    await using listening = await startListening({ broker, pace: 0.2 });
    const { sandbox } = listening;
    const [server] = [...sandbox.cloud.compute.servers()];

    sandbox.cloud.compute.act(must(server).id, 'stop');
    await until(
      () => statusOf(sandbox, must(server).id) === 'IN_PROGRESS',
      5_000,
      () => 'IN_PROGRESS',
    );
    await until(
      () => {
        sandbox.advance();
        return statusOf(sandbox, must(server).id) === 'STOPPED';
      },
      5_000,
      () => 'STOPPED',
    );
  });

  test('the shared queue, from which Ceilometer reads, keeps its full copy', async () => {
    await using listening = await startListening({ broker });
    const { sandbox, prefix } = listening;
    let announced = 0;
    const count = sandbox.cloud.onEvent(() => announced++);
    for (const server of sandbox.cloud.compute.servers()) sandbox.cloud.compute.act(server.id, 'stop');
    count();
    await listening.sent();
    await listening.inStep();

    const { messageCount } = await withConnection(broker.url, (connection) =>
      connection.queueDeclare({ queue: `${prefix}notifications.info`, passive: true }),
    );

    expect(announced).toBeGreaterThan(10);
    expect(messageCount).toBe(announced);
  });

  test('a hundred events of one stack are one or two reads of it, not a hundred', async () => {
    await using listening = await startListening({ broker, stacks: 1, projects: 1 });
    const { sandbox, reports } = listening;
    const [server] = [...sandbox.cloud.compute.servers()];
    const before = reports.length;
    sandbox.services.nova.forget();

    for (let event = 0; event < 25; event++) {
      sandbox.cloud.compute.act(must(server).id, 'stop');
      sandbox.cloud.compute.act(must(server).id, 'start');
    }
    await listening.sent();
    await emptied(broker, listening.names.notifications);
    await listening.inStep();

    expect(sandbox.services.nova.seen.length).toBeLessThan(12);
    expect(reports.length - before).toBeLessThan(10);
  });

  test('bodies that are no notifications are rotated with the reason, and the listener lives', async () => {
    await using listening = await startListening({ broker });
    const { sandbox, names, prefix } = listening;
    const envelope = { exchange: `${prefix}nova`, routingKey: 'notifications.info' };
    const bodies: [string, Buffer, string?][] = [
      ['the body is not JSON', Buffer.from('{"oslo.version": "2.0", "oslo.mess')],
      ['not a notification', Buffer.from('[1, 2, 3]')],
      ['oslo.message is not a text', Buffer.from('{"oslo.version": "2.0", "oslo.message": 7}')],
      [
        'compute.instance.update does not say',
        Buffer.from('{"event_type":"compute.instance.update","payload":{}}'),
      ],
      ['is too large', Buffer.alloc(10 * 1024 * 1024, 0x7b)],
      ['is not UTF-8', Buffer.from([0x7b, 0xff, 0xfe])],
      ['nested too deeply', Buffer.from('['.repeat(100_000))],
      ['nested too deeply', Buffer.from(`${'['.repeat(5_000)}${']'.repeat(5_000)}`), 'application/json'],
    ];
    await withConnection(broker.url, async (connection) => {
      await using publisher = disposable(connection.createPublisher({ confirm: true }));
      for (const [, body, contentType] of bodies) {
        await publisher.send({ ...envelope, ...(contentType && { contentType }) }, body);
      }
    });
    const [server] = [...sandbox.cloud.compute.servers()];
    sandbox.cloud.compute.act(must(server).id, 'stop');
    await listening.inStep();
    await emptied(broker, names.notifications);

    const reasons = await withConnection(broker.url, async (connection) => {
      const found: string[] = [];
      for (;;) {
        const message = await connection.basicGet({ queue: names.deadLetters, noAck: true });
        if (!message) return found;
        found.push(String(message.headers?.['x-concertim-reason']));
      }
    });

    expect(reasons).toEqual(bodies.map(([reason]) => expect.stringContaining(reason)));
  });

  test('every captured message of a real cloud is taken, and none is rotated', async () => {
    await using listening = await startListening({ broker });
    const { names, prefix } = listening;
    const messages = captures.flatMap(capturedMessages);
    await withConnection(broker.url, async (connection) => {
      await using publisher = disposable(connection.createPublisher({ confirm: true }));
      for (const { routing_key: routingKey, body } of messages) {
        await publisher.send({ exchange: `${prefix}nova`, routingKey }, Buffer.from(body));
      }
    });
    await emptied(broker, names.notifications);

    const { messageCount } = await withConnection(broker.url, (connection) =>
      connection.queueDeclare({ queue: names.deadLetters, passive: true }),
    );

    expect(messages).toHaveLength(209);
    expect(messageCount).toBe(0);
  });

  test('a queue that is deleted is made again, and a full run catches up', async () => {
    await using listening = await startListening({ broker });
    const { sandbox, names } = listening;
    await withConnection(broker.url, (connection) => connection.queueDelete({ queue: names.notifications }));
    for (const server of sandbox.cloud.compute.servers()) sandbox.cloud.compute.act(server.id, 'stop');

    await listening.inStep(20_000);
    const [server] = [...sandbox.cloud.compute.servers()];
    sandbox.cloud.compute.act(must(server).id, 'start');

    await listening.inStep(20_000);
  });

  test('a message that comes back for ever is rotated unread, and one of a lost connection is not', async () => {
    await using listening = await startListening({ broker });
    const { names } = listening;
    const [server] = [...listening.sandbox.cloud.compute.servers()];
    // The broker's own delivery count, as if so many consumers had died of the message.
    const event = { event_type: 'compute.instance.update', payload: { instance_id: must(server).id } };
    const send = (count: number) =>
      withConnection(broker.url, async (connection) => {
        const headers = { 'x-delivery-count': count };
        await using publisher = disposable(connection.createPublisher({ confirm: true }));
        await publisher.send({ exchange: names.exchange, routingKey: names.notifications, headers }, event);
      });

    await send(3);
    await send(4);
    await listening.saw('redelivered 4 times');
    const dead = await withConnection(broker.url, (connection) =>
      connection.basicGet({ queue: names.deadLetters, noAck: true }),
    );

    expect(dead?.headers?.['x-concertim-reason']).toBe('redelivered 4 times');
    expect(listening.logged.join('')).not.toContain('redelivered 3 times');
  });

  test('a queue that an earlier version made is replaced by one with bounds, and nothing is missed', async () => {
    const asBefore = ({ notifications, exchange, lost }: ReturnType<typeof queueNames>) => ({
      queue: notifications,
      durable: true,
      arguments: {
        'x-queue-type': 'quorum' as const,
        'x-single-active-consumer': true,
        'x-max-length': 100_000,
        'x-dead-letter-exchange': exchange,
        'x-dead-letter-routing-key': lost,
      },
    });
    await using listening = await startListening({
      broker,
      prepare: async (names) => {
        await withConnection(broker.url, (connection) => connection.queueDeclare(asBefore(names)));
      },
    });
    const { sandbox, names, logged } = listening;
    const [server] = [...sandbox.cloud.compute.servers()];

    sandbox.cloud.compute.act(must(server).id, 'stop');
    await listening.inStep();
    const refusal = await withConnection(broker.url, (connection) =>
      connection.queueDeclare(asBefore(names)).catch((error: unknown) => String(error)),
    );

    const replaced = logged.filter((line) => line.includes('queue replaced: it had other arguments'));
    expect(replaced).toEqual([expect.stringMatching(/inequivalent arg 'x-/)]);
    expect(refusal).toMatch(/inequivalent arg '(x-max-length-bytes|x-expires)/);
  });

  test('an exchange that is missing is waited for', async () => {
    await using listening = await startListening({ broker, rmq: { exchanges: ['concertim-test-nosuch'] } });

    expect(listening.logged.filter((line) => line.includes('no notification exchange found'))).toHaveLength(
      1,
    );
  });

  test('rmq.queue consumes a queue of others, and says what that means', async () => {
    const queue = `concertim-test-foreign-${process.pid}`;
    await withConnection(broker.url, (connection) => connection.queueDeclare({ queue }));
    await using listening = await startListening({ broker, rmq: { queue } });
    const { sandbox, prefix } = listening;
    await withConnection(broker.url, (connection) =>
      connection.queueBind({ queue, exchange: `${prefix}nova`, routingKey: 'notifications.info' }),
    );
    const [server] = [...sandbox.cloud.compute.servers()];

    sandbox.cloud.compute.act(must(server).id, 'stop');
    await listening.inStep();
    await withConnection(broker.url, (connection) => connection.queueDelete({ queue }));

    expect(listening.logged.join('')).toContain('other readers of this queue miss');
  });
});

function rootStacks({ cloud }: Sandbox) {
  return [...cloud.orchestration.stacks()].filter((stack) => rootOf(stack) === stack);
}

function deviceOf({ portal }: Sandbox, serverId: string) {
  return portal.devices.all().find(({ metadata }) => metadata['openstack_instance_id'] === serverId);
}

function statusOf(sandbox: Sandbox, serverId: string): string | undefined {
  return deviceOf(sandbox, serverId)?.status;
}

async function emptied(broker: TestBroker, queue: string): Promise<void> {
  await withConnection(broker.url, async (connection) => {
    for (let quiet = 0; quiet < 3; ) {
      const { messageCount } = await connection.queueDeclare({ queue, passive: true });
      quiet = messageCount === 0 ? quiet + 1 : 0;
    }
  });
}

function disposable<T extends { close(): Promise<void> }>(closable: T): T & AsyncDisposable {
  return Object.assign(closable, { [Symbol.asyncDispose]: () => closable.close() });
}

function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('the sandbox lacks it');
  return value;
}
