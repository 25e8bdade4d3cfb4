/** Random sequences in which processes are really killed, the broker among them; after quiet the invariants hold. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ComponentName } from '../../src/components.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { Canaries } from '../support/canaries.ts';
import { Invariants } from '../support/invariants.ts';
import { freePort } from '../support/listen.ts';
import { type Listening, startListening } from '../support/listening-scenario.ts';
import { type PrivateBroker, startPrivateBroker, whyNoPrivateBroker } from '../support/rabbitmq.ts';
import { Fleet } from './fleet.ts';
import { inflict, ListMemory } from './http-faults.ts';
import type { FaultName, HttpSystem } from './matrix.ts';
import { type RandomCommand, randomCommandOf } from './random-command.ts';

const seed = Number(process.env['KILLS_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const why = whyNoPrivateBroker();
const password = 'canary-rabbitmq-pa55word';
const outputValue = 'canary-stack-output';
const components: readonly ComponentName[] = ['updates_bulk', 'updates_mq', 'metrics', 'api'];

interface Real {
  readonly listening: Listening;
  readonly broker: PrivateBroker;
  readonly fleet: Fleet;
  readonly ends: (() => Promise<void>)[];
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
    fc.record({
      fault: fc.constantFrom<FaultName>(
        '503',
        '401',
        'reset after it was carried out',
        'empty list',
        'truncated JSON',
      ),
      system: fc.constantFrom<HttpSystem>('Keystone', 'Nova', 'Heat', 'Concertim'),
    }),
    async ({ listening, ends }, cell) => {
      ends.push(await inflict(listening.sandbox, cell, new ListMemory()));
    },
  ),
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
        await using listening = await startListening({ broker, stacks: 6, withService: false, interval: 15 });
        const { sandbox } = listening;
        const outputs = [...sandbox.cloud.orchestration.stacks()].filter(({ parent }) => !parent);
        for (const { id } of outputs)
          sandbox.cloud.orchestration.setOutput(id, 'concertim_cluster_type', outputValue);
        const invariants = new Invariants(sandbox, new Canaries([password, outputValue]));
        await using fleet = new Fleet(
          await listening.configWith({
            rmq: { rmq_username: 'bridge', rmq_password: password },
            api: { host: '127.0.0.1', port: await freePort() },
          }),
        );
        for (const component of components) fleet.start(component);
        const ends: Real['ends'] = [];

        await fc.asyncModelRun(() => ({ model: {}, real: { listening, broker, fleet, ends } }), sequence);
        for (const end of ends) await end();
        await listening.inStep(120_000);

        expect(invariants.harmed(await fleet.end())).toEqual([]);
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
