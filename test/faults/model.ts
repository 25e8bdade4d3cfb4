import fc from 'fast-check';
import type { Release } from '../../src/concertim/profile.ts';
import { HostileUser } from './hostile-user.ts';
import { inflict, ListMemory } from './http-faults.ts';
import { type FaultName, faultNames, hasMeaning, systems } from './matrix.ts';
import type { Wish } from './portal-user.ts';
import { type RandomCommand, randomCommandOf } from './random-command.ts';
import { type Fate, fates, UnreliableNotifications } from './unreliable-notifications.ts';
import { World } from './world.ts';

interface Real {
  readonly world: World;
  readonly notifications: UnreliableNotifications;
  readonly memory: ListMemory;
  readonly hostile: HostileUser;
  readonly ends: (() => Promise<void>)[];
  /** The statuses of what the API was asked. */
  readonly asked: Promise<number>[];
}

const command = randomCommandOf<Real>();

/** These are spent waiting, in real time: they hit a few exchanges, the others all. */
const hanging: readonly FaultName[] = ['time-out', 'slow loris'];
const system = fc.constantFrom(...systems).filter((system) => system !== 'RabbitMQ');

const commands: readonly fc.Arbitrary<RandomCommand<Real>>[] = [
  command('change', fc.integer({ min: 1, max: 6 }), async ({ world }, steps) => {
    world.sandbox.tick(steps);
  }),
  command('wait', fc.constantFrom(0, 100, 3_000, 20_000, 160_000), async ({ world }, ms) => {
    await world.pass(ms);
  }),
  command('notifications', fc.constantFrom<Fate>(...fates), async ({ notifications }, fate) => {
    notifications.fate = fate;
  }),
  command('arrive', fc.constant('what was held back'), async ({ notifications }) => {
    notifications.release();
  }),
  command(
    'fault',
    fc.oneof(
      {
        weight: faultNames.length - hanging.length,
        arbitrary: fc
          .record({
            fault: fc.constantFrom(...faultNames.filter((fault) => !hanging.includes(fault))),
            system,
          })
          .filter(hasMeaning),
      },
      {
        weight: hanging.length,
        arbitrary: fc
          .record({
            fault: fc.constantFrom(...hanging),
            system,
            times: fc.integer({ min: 1, max: 6 }),
          })
          .filter(hasMeaning),
      },
    ),
    async ({ world, memory, ends }, trouble) => {
      ends.push(await inflict(world.sandbox, trouble, memory));
    },
  ),
  command('mend', fc.constant('everything'), async ({ ends }) => {
    for (const end of ends.splice(0)) await end();
  }),
  command('restart', fc.constant('the service'), async ({ world }) => {
    await world.stop();
    await world.start();
  }),
  command('ask', fc.constantFrom<Wish>('key pairs', 'a server off', 'a server on'), async (real, wish) => {
    real.asked.push(real.world.ask(wish));
    // It is on its way.
    await real.world.pass(100);
  }),
  command('claim', fc.nat(20), async ({ world, hostile }, at) => {
    hostile.claim(world.sandbox, at);
  }),
  command('revoke', fc.constant('all tokens'), async ({ world }) => {
    world.sandbox.cloud.identity.revokeAllTokens();
    world.sandbox.portal.changeSecret();
  }),
];

/** Longer than any back-off, and than it takes to look again at a stack that was read wrongly twice. */
const quietMs = 3_600_000;

/** Random sequences of what can happen; after quiet, the invariants hold. */
export function convergence({ replayPath }: { readonly replayPath?: string | undefined } = {}) {
  return fc.asyncProperty(
    fc.integer({ min: 1, max: 1_000 }),
    // One release that shows servers alone, and one that shows all kinds.
    fc.constantFrom<Release>('2023-08', 'main'),
    fc.commands([...commands], {
      maxCommands: 25,
      size: 'max',
      ...(replayPath === undefined ? {} : { replayPath }),
    }),
    async (seed, release, sequence) => {
      const found: { notifications?: UnreliableNotifications } = {};
      await using world = await World.create({
        seed,
        release,
        projects: 2,
        stacks: 2,
        servers: 2,
        timeoutMs: 60,
        notifications: (sandbox) => (found.notifications = new UnreliableNotifications(sandbox)),
      });
      const { notifications } = found;
      if (!notifications) throw new Error('a world without notifications');
      const hostile = new HostileUser(world.sandbox);
      const memory = new ListMemory();
      const real: Real = { world, notifications, memory, hostile, ends: [], asked: [] };
      await world.start();
      await fc.asyncModelRun(() => ({ model: {}, real }), sequence);

      for (const end of real.ends) await end();
      notifications.fate = 'delivered';
      // What was asked changes the cloud once more.
      const statuses = await world.settled(Promise.all(real.asked));
      // Long enough for a full run while everything that he claims is still there.
      if (hostile.hasClaimed) await world.pass(200_000);
      const shown = hostile.shown(world.sandbox);
      hostile.leave(world.sandbox);
      await world.untilRight(quietMs);
      const problems = [
        ...shown,
        ...world.wrong(),
        ...statuses.filter((status) => status === 500).map(() => 'the API answered 500'),
        ...(await world.end()),
      ];
      if (problems.length > 0) throw new Error(problems.slice(0, 8).join('; '));
    },
  );
}
