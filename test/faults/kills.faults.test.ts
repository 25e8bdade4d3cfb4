/** Random sequences in which processes are really killed, the broker among them; after quiet the invariants hold. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ComponentName, observabilityPorts } from '../../src/components.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { freePort } from '../../src/sandbox/free-port.ts';
import { plantCanaries } from '../support/canaries.ts';
import { Invariants } from '../support/invariants.ts';
import { type Listening, startListening } from '../support/listening-scenario.ts';
import { startCollector } from '../support/otlp-collector.ts';
import { type PrivateBroker, startPrivateBroker, whyNoPrivateBroker } from '../support/rabbitmq.ts';
import { Fleet } from './fleet.ts';
import { inflict, ListMemory } from './http-faults.ts';
import { faultNames, hasMeaning, systems } from './matrix.ts';
import { MessagesOnTheWay } from './messages-on-the-way.ts';
import { askApi, send, type Wish } from './portal-user.ts';
import { type RandomCommand, randomCommandOf } from './random-command.ts';
import { type Fate, fates } from './unreliable-notifications.ts';

const seed = Number(process.env['KILLS_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const why = whyNoPrivateBroker();
const password = 'canary-rabbitmq-pa55word';
const components: readonly ComponentName[] = ['updates_bulk', 'updates_mq', 'metrics', 'api'];

interface Real {
  readonly listening: Listening;
  readonly broker: PrivateBroker;
  readonly fleet: Fleet;
  readonly ends: (() => Promise<void>)[];
  readonly messages: MessagesOnTheWay;
  readonly apiUrl: string;
}
const command = randomCommandOf<Real>();

const commands: fc.Arbitrary<RandomCommand<Real>>[] = [
  command('burst', fc.integer({ min: 5, max: 40 }), async ({ listening }, steps) => {
    for (let step = 0; step < steps; step++) {
      listening.sandbox.tick();
      await systemClock.sleep(20);
    }
  }),
  command('wait', fc.constantFrom(50, 500, 3_000), async (_real, ms) => systemClock.sleep(ms)),
  command('kill -9', fc.constantFrom(...components), async ({ fleet }, component) => {
    await fleet.kill(component);
    fleet.start(component);
  }),
  command('kill -9', fc.constant('the broker'), async ({ broker }) => {
    await broker.kill();
    await systemClock.sleep(500);
    await broker.start();
  }),
  command(
    'fault',
    fc
      .record({
        fault: fc.constantFrom(...faultNames),
        system: fc.constantFrom(...systems).filter((system) => system !== 'RabbitMQ'),
        // In real time a request that hangs does so for up to a minute.
        times: fc.integer({ min: 1, max: 20 }),
      })
      .filter(hasMeaning),
    async ({ listening, ends }, trouble) => {
      const isHanging = trouble.fault === 'time-out' || trouble.fault === 'slow loris';
      const times = isHanging ? 1 : trouble.times;
      ends.push(await inflict(listening.sandbox, { ...trouble, times }, new ListMemory()));
    },
  ),
  command('notifications', fc.constantFrom<Fate>(...fates), async ({ messages }, fate) => {
    messages.fate = fate;
  }),
  command('ask', fc.constantFrom<Wish>('key pairs', 'a server off', 'a server on'), async (real, wish) => {
    const { status } = await askApi(real.listening.sandbox, real.apiUrl, wish);
    // 0: it was killed, or has not started yet.
    if (status === 500) throw new Error('the API answered 500');
  }),
];

describe.skipIf(why !== undefined)(`with processes to kill${why ? ` (skipped: ${why})` : ''}`, () => {
  let broker: PrivateBroker;
  beforeAll(async () => {
    broker = await startPrivateBroker();
    await broker.control('add_user', 'bridge', password);
    await broker.control('set_permissions', 'bridge', '.*', '.*', '.*');
  });
  afterAll(async () => {
    await broker[Symbol.asyncDispose]();
  });

  test('whatever is killed, the portal ends as the cloud is, and nothing was harmed', async ({ task }) => {
    const property = fc.asyncProperty(
      fc.commands(commands, { maxCommands: 10, size: 'max' }),
      async (sequence) => {
        const messages = new MessagesOnTheWay();
        await using collector = await startCollector();
        await using listening = await startListening({
          broker,
          stacks: 6,
          withService: false,
          interval: 15,
          onTheWay: (message) => messages.pass(message),
        });
        const { sandbox } = listening;
        const { canaries, config } = plantCanaries(sandbox, [password]);
        const invariants = new Invariants(sandbox, canaries);
        const [apiPort, firstPort] = [await freePort(), await freePort()];
        await using fleet = new Fleet(
          await listening.configWith({
            ...config,
            rmq: { rmq_username: 'bridge', rmq_password: password },
            api: { host: '127.0.0.1', port: apiPort },
            observability: { otlp_endpoint: collector.url, host: '127.0.0.1', port: firstPort },
          }),
        );
        for (const component of components) fleet.start(component);
        const ends: Real['ends'] = [];
        const apiUrl = `http://127.0.0.1:${apiPort}`;
        const real = { listening, broker, fleet, ends, messages, apiUrl };

        await fc.asyncModelRun(() => ({ model: {}, real }), sequence);
        for (const end of ends) await end();
        messages.fate = 'delivered';
        await listening.inStep(240_000);

        const told = await Promise.all(
          components.flatMap((component) =>
            ['/metrics', '/status'].map((path) =>
              send(`http://127.0.0.1:${observabilityPorts(firstPort, component).usual}${path}`, 'GET'),
            ),
          ),
        );
        const printed = [...told.map(({ text }) => text), ...(await fleet.end()), ...collector.bodies];
        expect(invariants.harmed(printed)).toEqual([]);
      },
    );

    const details = await fc.check(property, {
      numRuns: 6,
      seed,
      endOnFailure: true,
      interruptAfterTimeLimit: 240_000,
    });
    task.meta.runs = { of: 'kills', count: details.numRuns, again: `KILLS_SEED=${seed}` };
    if (details.failed) {
      throw new Error(
        `${fc.defaultReportMessage(details)}\nAgain: KILLS_SEED=${seed} npx vitest run -c vitest.faults.config.ts test/faults/kills`,
        { cause: details.errorInstance },
      );
    }
  }, 600_000);
});
