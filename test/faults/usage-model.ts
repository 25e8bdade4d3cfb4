import fc from 'fast-check';
import { type UsageEvent, UsageWorld } from './usage-world.ts';

const which = fc.nat(20);
const poster = fc.nat(1);
const kinds: fc.Arbitrary<UsageEvent>[] = [
  fc.record({ kind: fc.constant('hours pass' as const), hours: fc.integer({ min: 1, max: 40 }) }),
  fc.record({ kind: fc.constant('launch' as const) }),
  fc.record({ kind: fc.constant('add device' as const), which }),
  fc.record({ kind: fc.constant('delete device' as const), which }),
  fc.record({ kind: fc.constant('destroy' as const), which }),
  fc.record({ kind: fc.constant('CloudKitty is late' as const), hours: fc.integer({ min: 2, max: 60 }) }),
  fc.record({
    kind: fc.constant('rated again' as const),
    which,
    hoursAgo: fc.nat(60),
    by: fc.constantFrom(1, 2.5, 0.01, -0.1),
  }),
  fc.record({ kind: fc.constant('run' as const), poster }),
  fc.record({ kind: fc.constant('both run' as const) }),
  fc.record({ kind: fc.constant('killed' as const), poster, requests: fc.nat(6), done: fc.boolean() }),
  fc.record({ kind: fc.constant('answers lost' as const), poster, times: fc.integer({ min: 1, max: 8 }) }),
  fc.record({ kind: fc.constant('KillBill fails' as const), poster }),
  fc.record({ kind: fc.constant('records of usage lost' as const), poster }),
  fc.record({ kind: fc.constant('memberships lost' as const) }),
  fc.record({ kind: fc.constant('Heat forgets' as const) }),
];
/** Time passing and the writer's runs have more weight than the other events. */
const event = fc.oneof(
  { weight: 8, arbitrary: kinds[0] as fc.Arbitrary<UsageEvent> },
  { weight: 4, arbitrary: kinds[7] as fc.Arbitrary<UsageEvent> },
  { weight: 13, arbitrary: fc.oneof(...kinds) },
);

/** Courses that random choice seldom finds: each has caught a fault. */
const examples: [UsageEvent[], string][] = [
  [
    // In the morning: the record of a day has the time noon, which is after the end of an order that was
    // closed at once.
    [
      { kind: 'hours pass', hours: 20 },
      { kind: 'destroy', which: 0 },
      { kind: 'run', poster: 0 },
      { kind: 'hours pass', hours: 30 },
    ],
    '0.24.0',
  ],
  [
    // CloudKitty says more after the order is closed and the records are lost.
    [
      { kind: 'hours pass', hours: 20 },
      { kind: 'destroy', which: 0 },
      { kind: 'run', poster: 0 },
      { kind: 'hours pass', hours: 30 },
      { kind: 'run', poster: 0 },
      { kind: 'records of usage lost', poster: 0 },
      { kind: 'rated again', which: 0, hoursAgo: 40, by: 2.5 },
      { kind: 'run', poster: 1 },
    ],
    '0.24.0',
  ],
  [
    // A day before the record of stacks begins is rated lower after it was recorded: nothing lost covers that.
    [
      { kind: 'hours pass', hours: 14 },
      { kind: 'run', poster: 0 },
      { kind: 'launch' },
      { kind: 'rated again', which: 0, hoursAgo: 2, by: -0.1 },
      { kind: 'hours pass', hours: 1 },
      { kind: 'run', poster: 0 },
    ],
    '0.22.26',
  ],
  [
    // Of two stacks of a project one device is forgotten, and another is rated lower: the first covers the second.
    [
      { kind: 'launch' },
      { kind: 'launch' },
      { kind: 'hours pass', hours: 14 },
      { kind: 'run', poster: 0 },
      { kind: 'delete device', which: 0 },
      { kind: 'Heat forgets' },
      { kind: 'memberships lost' },
      { kind: 'rated again', which: 17, hoursAgo: 2, by: -0.1 },
      { kind: 'both run' },
      { kind: 'run', poster: 0 },
      { kind: 'run', poster: 0 },
      { kind: 'hours pass', hours: 2 },
    ],
    '0.22.26',
  ],
  [
    // A stack is gone and nothing remembers what it used: billing reports that, and closes its order.
    [
      { kind: 'hours pass', hours: 30 },
      { kind: 'destroy', which: 0 },
      { kind: 'Heat forgets' },
      { kind: 'memberships lost' },
      { kind: 'hours pass', hours: 30 },
      { kind: 'run', poster: 0 },
    ],
    '0.24.0',
  ],
  [
    // A stack is destroyed and the memberships are lost before CloudKitty has rated its last hours: Heat
    // shows which stack its devices belonged to.
    [
      { kind: 'CloudKitty is late', hours: 50 },
      { kind: 'hours pass', hours: 30 },
      { kind: 'delete device', which: 0 },
      { kind: 'launch' },
      { kind: 'destroy', which: 0 },
      { kind: 'memberships lost' },
      { kind: 'run', poster: 0 },
      { kind: 'hours pass', hours: 30 },
    ],
    '0.24.0',
  ],
  [
    // Nothing is ever rated for the only stack of its project: the rebuild waits as long as CloudKitty may be
    // late, and the order is closed then.
    [{ kind: 'destroy', which: 0 }, { kind: 'memberships lost' }, { kind: 'run', poster: 0 }],
    '0.22.26',
  ],
];

export interface UsageModelFigures {
  readonly runs: number;
  readonly records: number;
}

/** Whatever happens, what is recorded of each order, unit and day is what was rated. @returns how much was tried */
export async function checkUsage(options: { runs: number; seed?: number }): Promise<UsageModelFigures> {
  let records = 0;
  const events = fc.array(event, { minLength: 5, maxLength: 45, size: 'max' });
  await fc.assert(
    fc.asyncProperty(events, fc.constantFrom('0.22.26', '0.24.0'), async (course, version) => {
      await using world = await UsageWorld.start({ version });
      await world.happen({ kind: 'launch' });
      for (const step of course) await world.happen(step);
      await world.settle();
      const wrongs = await world.wrongs();
      records += world.records;
      if (wrongs.length > 0) throw new Error(wrongs.slice(0, 5).join('\n'));
    }),
    {
      examples,
      numRuns: options.runs,
      endOnFailure: false,
      ...(options.seed !== undefined && { seed: options.seed }),
    },
  );
  return { runs: options.runs, records };
}
