/** A RabbitMQ on which something is missing: the doctor names it, what it prints is done, and all is well. */
import type { Connection } from 'rabbitmq-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { configFromValues } from '../../src/config/load.ts';
import { examine, examineTestEvent } from '../../src/doctor/examine.ts';
import type { Finding } from '../../src/doctor/finding.ts';
import { admit } from '../../src/doctor/patient.ts';
import { publishNotifications } from '../../src/sandbox/notifications-rabbitmq.ts';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { ailments, type Clinic, startClinic } from '../support/doctor.ts';
import { commandsIn, runPrinted as runOnCloud } from '../support/printed-commands.ts';
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
const whole = [
  '^concertim\\..*',
  '^concertim\\..*',
  '^(concertim\\..*|nova|heat|cinder|neutron|openstack)$',
] as const;

describe.skipIf(why !== undefined)(`with a RabbitMQ${why ? ` (skipped: ${why})` : ''}`, () => {
  let broker: PrivateBroker;
  beforeAll(async () => {
    broker = await startPrivateBroker();
    await broker.control('add_user', 'concertim', 'right');
  }, 90_000);
  afterAll(async () => {
    await broker[Symbol.asyncDispose]();
  });

  /** Each command of `rabbitmqctl` starts a machine of Erlang: what is so already is not set again. */
  let permitted = '';
  async function permit(...permissions: readonly string[]): Promise<void> {
    if (permitted === permissions.join('\n')) return;
    await broker.control('set_permissions', 'concertim', ...permissions);
    permitted = permissions.join('\n');
  }

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
    await permit(...whole);
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
    permitted = '';
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
      await permit(...whole.map((pattern, at) => (at === which ? '^$' : pattern)));

      const finding = await only(clinic);
      await runPrinted(finding?.repair);

      expect(finding).toMatchObject({
        check: 'rabbitmq.permissions',
        level: 'error',
        found: expect.stringContaining(`lacks the permission "${permission}"`),
        why: 'Without it no notification arrives.',
      });
      expect(ailments(await clinic.examine())).toEqual([]);
    },
  );

  test('the user may not read what Cinder and Neutron announce: a warning, for the rest arrives', async () => {
    await using clinic = await start();
    const [configure, write] = whole;
    await permit(configure, write, '^(concertim\\..*|nova|heat|openstack)$');

    const finding = await only(clinic);
    await runPrinted(finding?.repair);

    expect(finding).toMatchObject({
      check: 'rabbitmq.permissions',
      level: 'warning',
      found: expect.stringMatching(/"read" on exchange "cinder".*"read" on exchange "neutron"/),
      why: 'Volumes and networks follow with the next full run, not at once.',
    });
    expect(ailments(await clinic.examine())).toEqual([]);
  });

  test('the exchange of a service is missing: by hand, the driver in heat.conf', async () => {
    await using clinic = await start();
    await onBroker((connection) => connection.exchangeDelete({ exchange: 'heat' }));

    const finding = await only(clinic);
    await onBroker((connection) => connection.exchangeDeclare({ exchange: 'heat', type: 'topic' }));

    expect(finding).toMatchObject({
      check: 'rabbitmq.exchanges',
      level: 'warning',
      found: 'Exchange missing: heat',
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
      found: `Queue ${queue} has 10050 messages and no consumer`,
    });
    await expect.poll(async () => ailments(await clinic.examine()), { timeout: 10_000 }).toEqual([]);
    await broker.control('clear_policy', 'concertim-unread');
    await onBroker((connection) => connection.queuePurge(queue));
  });

  test('the queue of others that is to be read is not there, or theirs: rmq.queue is removed', async () => {
    await using clinic = await start();
    await permit('.*', '.*', '.*');

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

  describe('a test event', () => {
    const check = 'rabbitmq.test-event';
    const publish = ({ sandbox }: Clinic, exchangePrefix = '') =>
      publishNotifications(sandbox.cloud, broker.url, { exchangePrefix, onError: () => {} });
    const tryTestEvent = async (clinic: Clinic) => {
      const { findings, unchecked } = await clinic.examineTestEvent();
      return [...findings, ...unchecked].filter((about) => about.check === check);
    };

    /** Key pairs in the cloud, and queues of the doctor's on the broker. */
    async function leftBehind({ sandbox }: Clinic): Promise<unknown[]> {
      const pairs = sandbox.cloud.keyPairs.of(sandbox.population.concertim.id);
      const queues = await broker.control('--quiet', 'list_queues', 'name');
      return [...pairs, ...queues.split('\n').filter((name) => name.includes('doctor'))];
    }

    test('is seen, and all that was made for it is gone', async () => {
      await using clinic = await start();
      await using _publisher = await publish(clinic);

      const diagnosis = await clinic.examineTestEvent();

      expect(ailments(diagnosis)).toEqual([]);
      expect(diagnosis.findings.find((finding) => finding.check === check)).toMatchObject({
        level: 'ok',
        found: expect.stringMatching(/^keypair\.import\.start arrived on exchange nova, \d+ ms/),
      });
      expect(await leftBehind(clinic)).toEqual([]);
    });

    test('of several clouds is heard from each by itself', async () => {
      await using sandbox = await startSandbox({
        projects: 1,
        stacks: 1,
        servers: 1,
        clouds: ['north', 'south'],
      });
      const [north] = sandbox.clouds;
      const to = { exchangePrefix: 'north-', onError: () => {} };
      await using _publisher = await publishNotifications(north.cloud, broker.url, to);
      const clouds = sandbox.clouds.map(({ name, config }) => ({
        name,
        ...config,
        rmq: {
          rmq_address: broker.host,
          rmq_port: broker.port,
          rmq_username: 'guest',
          rmq_password: 'guest',
          exchanges: [`${name}-nova`],
        },
      }));
      const config = configFromValues({ concertim: sandbox.config.concertim, clouds });
      await using patient = admit({ config, file: 'config.yaml' });
      const { signal } = new AbortController();

      const diagnosis = await examineTestEvent(patient, await examine(patient, signal), signal);

      const told = diagnosis.findings.filter((finding) => finding.check === check);
      expect(told).toMatchObject([
        { cloud: 'north', level: 'ok', found: expect.stringContaining('arrived on exchange north-nova') },
        { cloud: 'south', level: 'error', found: expect.stringContaining('arrived on south-nova within') },
      ]);
    }, 30_000);

    test('is not seen where the cloud sends none: by hand, the driver in nova.conf; then it is', async () => {
      await using clinic = await start();

      const silent = await tryTestEvent(clinic);
      await using _publisher = await publish(clinic);
      const heard = await tryTestEvent(clinic);

      expect(silent).toMatchObject([
        {
          level: 'error',
          found: expect.stringMatching(
            /no notification of it arrived on nova, heat, cinder, neutron, openstack within 5 s$/,
          ),
          why: 'Changes show within updates.interval only.',
          repair: expect.stringContaining('driver = messagingv2'),
        },
      ]);
      expect(heard).toMatchObject([{ level: 'ok' }]);
      expect(await leftBehind(clinic)).toEqual([]);
    }, 20_000);

    test('is heard on another exchange than those that are configured: rmq.exchanges set, it is seen', async () => {
      await using clinic = await start();
      await using _publisher = await publish(clinic);
      clinic.set('rmq.exchanges', 'heat');

      const [elsewhere] = await tryTestEvent(clinic);
      const [, list = ''] =
        /^Set rmq\.exchanges to (\[.*\])\.$/.exec((elsewhere as Finding).repair ?? '') ?? [];
      clinic.set('rmq.exchanges', parse(list) as string[]);

      expect(elsewhere).toMatchObject({
        level: 'error',
        found: 'Nova publishes on exchange nova, and rmq.exchanges has only heat',
      });
      expect(await tryTestEvent(clinic)).toMatchObject([{ level: 'ok' }]);
    });

    test('is not seen on an exchange that nobody would guess: the list that is named has it', async () => {
      await using clinic = await start();
      await permit('.*', '.*', '.*');
      await using _publisher = await publish(clinic, 'region-one-');

      const [silent] = await tryTestEvent(clinic);
      const [, listing = ''] =
        /rabbitmqctl (list_exchanges .*)$/.exec((silent as Finding).repair ?? '') ?? [];
      const [exchange = ''] = /^region-one-nova/m.exec(await broker.control(...listing.split(' '))) ?? [];
      clinic.set('rmq.exchanges', exchange);

      expect(silent).toMatchObject({ level: 'error' });
      expect(await tryTestEvent(clinic)).toMatchObject([{ level: 'ok' }]);
      await onBroker(async (connection) => {
        for (const name of ['nova', 'heat'])
          await connection.exchangeDelete({ exchange: `region-one-${name}` });
        for (const name of ['info', 'error'])
          await connection.queueDelete(`region-one-notifications.${name}`);
      });
    }, 20_000);

    test('whose key pair was made, and the answer to that lost, leaves nothing behind', async () => {
      await using clinic = await start();
      clinic.sandbox.faults.add({
        service: 'nova',
        method: 'POST',
        path: /os-keypairs/,
        kind: 'reset-after',
      });

      const [failed] = await tryTestEvent(clinic);

      expect(failed).toMatchObject({ level: 'error', found: expect.stringContaining('os-keypairs') });
      expect(await leftBehind(clinic)).toEqual([]);
    });

    test('whose key pair cannot be deleted says so, with the command that does', async () => {
      await using clinic = await start();
      await using _publisher = await publish(clinic);
      clinic.sandbox.faults.add({ service: 'nova', method: 'DELETE', kind: 'answer', status: 503 });

      const found = await tryTestEvent(clinic);
      clinic.sandbox.faults.clear();
      const [command = ''] = commandsIn((found[1] as Finding).repair ?? '');
      await runOnCloud(command, clinic.sandbox, 'concertim');

      expect(found).toMatchObject([
        { level: 'ok' },
        { level: 'warning', found: expect.stringContaining('is still there') },
      ]);
      expect(await leftBehind(clinic)).toEqual([]);
    });

    test('is not tried where something else stands in the way', async () => {
      await using clinic = await start();

      clinic.set('rmq.rmq_password', 'wrong');
      const refused = await tryTestEvent(clinic);
      clinic.set('rmq.rmq_password', 'right');
      clinic.set('rmq.queue', queue);
      const theirs = await tryTestEvent(clinic);
      clinic.write();
      const without = await tryTestEvent(clinic);

      expect([refused, theirs, without].flat()).toEqual([
        { check, because: 'rabbitmq.connection stands in the way' },
        { check, because: expect.stringMatching(/^rmq\.queue is set/) },
        { check, because: 'rmq.rmq_address is not set' },
      ]);
      const created = clinic.sandbox.services.nova.seen.filter(({ method }) => method === 'POST');
      expect(created).toEqual([]);
    });
  });
});
