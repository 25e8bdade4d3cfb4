/** A RabbitMQ on which something is missing: the doctor names it, what it prints is done, and all is well. */
import type { Connection } from 'rabbitmq-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Finding } from '../../src/doctor/finding.ts';
import { ailments, type Clinic, startClinic } from '../support/doctor.ts';
import {
  type PrivateBroker,
  startPrivateBroker,
  whyNoPrivateBroker,
  withConnection,
} from '../support/rabbitmq.ts';
import { takeAuthority } from '../support/take-authority.ts';

const why = whyNoPrivateBroker();

/** What the services of a cloud make on their broker: exchanges, and queues that nobody here reads. */
const exchanges = ['nova', 'heat'];
const queue = 'notifications.info';
const whole = ['^concertim\\..*', '^concertim\\..*', '^(concertim\\..*|nova|heat|openstack)$'] as const;

describe.skipIf(why !== undefined)(`with a RabbitMQ${why ? ` (skipped: ${why})` : ''}`, () => {
  let broker: PrivateBroker;
  beforeAll(async () => {
    broker = await startPrivateBroker();
    await broker.control('add_user', 'concertim', 'right');
  }, 90_000);
  afterAll(async () => {
    await broker[Symbol.asyncDispose]();
  });

  const onBroker = (work: (connection: Connection) => Promise<unknown>) => withConnection(broker.url, work);

  /** A clinic on that broker, on which nothing is missing. */
  async function start(): Promise<Clinic> {
    const clinic = await startClinic();
    clinic.write({
      rmq: {
        rmq_address: broker.host,
        rmq_port: broker.port,
        rmq_username: 'concertim',
        rmq_password: 'right',
      },
    });
    await broker.control('set_permissions', 'concertim', ...whole);
    await onBroker(async (connection) => {
      for (const exchange of exchanges) await connection.exchangeDeclare({ exchange, type: 'topic' });
      await connection.queueDeclare(queue);
    });
    return clinic;
  }

  async function only(clinic: Clinic): Promise<Finding | undefined> {
    const found = ailments(await clinic.examine());
    expect(found, JSON.stringify(found, undefined, 1)).toHaveLength(1);
    return found[0];
  }

  /** The commands of `rabbitmqctl` that are printed, up to the first semicolon. */
  async function runPrinted(repair = ''): Promise<void> {
    const [, line = ''] = /^rabbitmqctl ([^;]+)/.exec(repair) ?? [];
    const words = [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '');
    expect(words, repair).not.toEqual([]);
    await broker.control(...words);
  }

  test('nothing is missing: all is well, and nothing is left on the broker', async () => {
    await using clinic = await start();

    const { findings } = await clinic.examine();

    expect(findings.filter(({ level }) => level !== 'ok')).toEqual([]);
    expect(findings.map(({ check }) => check)).toEqual(
      expect.arrayContaining([
        'rabbitmq.connection',
        'rabbitmq.permissions',
        'rabbitmq.exchanges',
        'rabbitmq.notifications',
      ]),
    );
    await expect(
      onBroker((connection) => connection.exchangeDeclare({ exchange: 'concertim.default', passive: true })),
    ).rejects.toThrow(/NOT_FOUND|NOT-FOUND|no exchange/);
  });

  test.each([
    ['rmq.rmq_password', 'wrong', 'right', /refused user "concertim"/],
    ['rmq.rmq_port', 1, () => broker.port, /cannot be reached/],
    ['rmq.rmq_path', 'nowhere', '/', /virtual host "nowhere"/],
  ] as const)('%s is wrong: it is named, and set', async (key, wrong, right, found) => {
    await using clinic = await start();
    clinic.set(key, wrong);

    const finding = await only(clinic);
    clinic.set(key, typeof right === 'function' ? right() : right);

    expect(finding).toMatchObject({
      check: 'rabbitmq.connection',
      level: 'error',
      found: expect.stringMatching(found),
      repair: expect.stringContaining(key),
    });
    expect(ailments(await clinic.examine())).toEqual([]);
  });

  test('no broker is configured: the settings that are named, set, connect', async () => {
    await using clinic = await start();
    clinic.write();

    const advised = (await clinic.examine()).findings.find(({ check }) => check === 'rabbitmq.connection');
    const right = { rmq_address: broker.host, rmq_username: 'concertim', rmq_password: 'right' };
    for (const [key, value] of Object.entries(right)) {
      expect(advised?.repair).toContain(`rmq.${key}`);
      clinic.set(`rmq.${key}`, value);
    }
    clinic.set('rmq.rmq_port', broker.port);

    expect(advised).toMatchObject({ level: 'ok', found: 'rmq.rmq_address is not set' });
    expect(ailments(await clinic.examine())).toEqual([]);
  });

  test.each([
    ['configure', 0],
    ['write', 1],
    ['read', 2],
  ] as const)(
    'the user may not %s: the command that is printed gives it the right',
    async (permission, which) => {
      await using clinic = await start();
      await broker.control(
        'set_permissions',
        'concertim',
        ...whole.map((pattern, at) => (at === which ? '^$' : pattern)),
      );

      const finding = await only(clinic);
      await runPrinted(finding?.repair);

      expect(finding).toMatchObject({
        check: 'rabbitmq.permissions',
        level: 'error',
        found: expect.stringContaining(`lacks the permission "${permission}"`),
        why: 'Without it no notification is heard.',
      });
      expect(ailments(await clinic.examine())).toEqual([]);
    },
  );

  test('the exchange of a service is missing: by hand, the driver in heat.conf', async () => {
    await using clinic = await start();
    await onBroker((connection) => connection.exchangeDelete({ exchange: 'heat' }));

    const finding = await only(clinic);
    await onBroker((connection) => connection.exchangeDeclare({ exchange: 'heat', type: 'topic' }));

    expect(finding).toMatchObject({
      check: 'rabbitmq.exchanges',
      level: 'warning',
      found: 'There is no exchange heat',
      repair: expect.stringContaining('driver = messagingv2'),
    });
    expect(ailments(await clinic.examine())).toEqual([]);
  });

  test('all exchanges are missing: the one that the services have is named in rmq.exchanges', async () => {
    await using clinic = await start();
    await onBroker(async (connection) => {
      for (const exchange of exchanges) await connection.exchangeDelete({ exchange });
      await connection.exchangeDeclare({ exchange: 'region-one', type: 'topic' });
    });

    const finding = await only(clinic);
    clinic.set('rmq.exchanges', 'region-one');
    await runPrinted(ailments(await clinic.examine())[0]?.repair);

    expect(finding).toMatchObject({ check: 'rabbitmq.exchanges', level: 'error' });
    expect(finding?.repair).toContain('rmq.exchanges');
    expect(ailments(await clinic.examine())).toEqual([]);
    await onBroker((connection) => connection.exchangeDelete({ exchange: 'region-one' }));
  });

  test('no service has sent anything: by hand, the driver in nova.conf', async () => {
    await using clinic = await start();
    await onBroker((connection) => connection.queueDelete(queue));

    const finding = await only(clinic);
    await onBroker((connection) => connection.queueDeclare(queue));

    expect(finding).toMatchObject({
      check: 'rabbitmq.notifications',
      level: 'warning',
      repair: expect.stringContaining('notify_on_state_change = vm_and_task_state'),
    });
    expect(ailments(await clinic.examine())).toEqual([]);
  });

  test('a queue that nobody reads grows: the policy that is printed keeps it small', async () => {
    await using clinic = await start();
    await onBroker(async (connection) => {
      const publisher = connection.createPublisher({ confirm: true });
      await Promise.all(Array.from({ length: 10_050 }, () => publisher.send(queue, 'x')));
      await publisher.close();
    });

    const finding = await only(clinic);
    await runPrinted(finding?.repair);

    expect(finding).toMatchObject({
      check: 'rabbitmq.unread',
      level: 'warning',
      found: `Nobody reads the queue ${queue}, in which 10050 messages have gathered`,
    });
    await expect.poll(async () => ailments(await clinic.examine()), { timeout: 10_000 }).toEqual([]);
    await broker.control('clear_policy', 'concertim-unread');
    await onBroker((connection) => connection.queuePurge(queue));
  });

  test('the queue of others that is to be read is not there, or theirs: rmq.queue is removed', async () => {
    await using clinic = await start();
    await broker.control('set_permissions', 'concertim', '.*', '.*', '.*');

    clinic.set('rmq.queue', 'nobodys');
    const missing = await only(clinic);
    clinic.set('rmq.queue', queue);
    const theirs = await only(clinic);
    clinic.set('rmq.queue', undefined);

    expect(missing).toMatchObject({
      check: 'rabbitmq.queue',
      level: 'error',
      found: expect.stringContaining('nobodys'),
    });
    expect(theirs).toMatchObject({ check: 'rabbitmq.queue', level: 'warning' });
    for (const finding of [missing, theirs]) expect(finding?.repair).toMatch(/^Remove rmq\.queue/);
    expect(ailments(await clinic.examine())).toEqual([]);
  });

  test('its certificate is of an authority nobody knows: its own is taken and set', async () => {
    await using clinic = await start();
    clinic.set('rmq.tls', 'true');
    clinic.set('rmq.rmq_port', broker.tlsPort);

    const found = ailments(await clinic.examine());
    const certificate = found.find(({ check }) => check === 'rmq.certificate');
    await takeAuthority(clinic, certificate?.repair ?? '');

    expect(certificate).toMatchObject({ level: 'error', repair: expect.stringContaining('set rmq.cacert') });
    expect(found.map(({ check }) => check)).toEqual(['rabbitmq.connection', 'rmq.certificate']);
    expect(ailments(await clinic.examine())).toEqual([]);
  });
});
