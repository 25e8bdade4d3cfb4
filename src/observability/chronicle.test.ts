import { expect, test } from 'vitest';
import { Chronicle, type ToldRun } from './chronicle.ts';

const noon = Date.UTC(2026, 10, 22, 12);
const second = 1_000;

/** A full run at noon that found everything in step. */
function run(told: Partial<ToldRun> = {}): ToldRun {
  return {
    runId: 'r1',
    release: 'main',
    scope: 'full',
    startedAt: noon,
    ms: { observe: 20.4, plan: 1, apply: 10 },
    seen: {},
    changes: {},
    made: [],
    failures: [],
    skipped: [],
    untried: 0,
    held: [],
    warnings: [],
    unobserved: [],
    unreadable: [],
    unreadableRows: [],
    unknownStates: [],
    contested: [],
    drift: [],
    clouds: [],
    ...told,
  };
}

const made = {
  object: 'device',
  name: 'n1',
  change: 'update-device',
  why: 'it differs from its server',
  fields: ['status'],
};
const failure = { object: 'device', name: 'n2', doing: 'create-device', error: new Error('refused') };

test('before the first run nothing is known', () => {
  expect(new Chronicle().read()).toEqual({ inStep: null, runs: [], lags: [], cycles: [] });
});

test('a run that finds nothing to do is not listed, but both sides are in step since the first of them', () => {
  const chronicle = new Chronicle();

  chronicle.reconciled(run());
  chronicle.reconciled(run({ startedAt: noon + 60 * second }));

  expect(chronicle.read()).toMatchObject({
    inStep: { is: true, since: '2026-11-22T12:00:00.031Z', because: null },
    runs: [],
  });
});

test('what a run did is described in words, what is wrong first', () => {
  const chronicle = new Chronicle();

  chronicle.reconciled(
    run({
      made: [made, { ...made, change: 'create-device', why: 'its server has no device yet', fields: [] }],
      failures: [failure],
      skipped: [{ object: 'device', name: 'n3', because: 'its rack was not made' }],
      untried: 40,
      held: [{ kind: 'rack', name: 'r9', reason: 'its stack may be there still' }],
      warnings: ['refused to delete 9 of 10 devices'],
      unobserved: [{ projectId: 'p1', reason: 'Heat did not answer' }],
      drift: [{ object: 'device', name: 'n1' }],
    }),
  );

  expect(chronicle.read().runs).toEqual([
    {
      runId: 'r1',
      scope: 'full',
      startedAt: '2026-11-22T12:00:00.000Z',
      ms: 31,
      changes: 2,
      lines: [
        { kind: 'refused', text: 'refused to delete 9 of 10 devices' },
        { kind: 'unreadable', text: 'project p1 cannot be read: Heat did not answer' },
        { kind: 'failure', text: 'device n2: not made: refused' },
        { kind: 'skipped', text: 'device n3: not tried: its rack was not made' },
        { kind: 'skipped', text: '40 more changes: postponed: the portal stopped responding' },
        { kind: 'held', text: 'rack r9: kept in portal: its stack may be there still' },
        { kind: 'drift', text: 'device n1: changed in the cloud, and nothing announced it' },
        { kind: 'change', text: 'device n1 changed: it differs from its server: status' },
        { kind: 'change', text: 'device n1 made: its server has no device yet' },
      ],
      more: 0,
    },
  ]);
});

test('what stays as it is makes one run worth telling, not each', () => {
  const chronicle = new Chronicle();
  const held = [{ kind: 'rack', name: 'r9', reason: 'its stack may be there still' }];

  for (let index = 0; index < 3; index++) chronicle.reconciled(run({ held, runId: `r${index}` }));
  chronicle.reconciled(run({ runId: 'r3' }));

  expect(chronicle.read().runs.map(({ runId, lines }) => [runId, lines.length])).toEqual([
    ['r0', 1],
    ['r3', 0],
  ]);
});

test('out of step is so since the first failure, for the reason of the last, until a full run is well', () => {
  const chronicle = new Chronicle();
  const inStep = () => chronicle.read().inStep;
  chronicle.reconciled(run());

  chronicle.reconciled(run({ startedAt: noon + second, failures: [failure] }));
  chronicle.outOfStep(noon + 2 * second, 'Keystone does not answer');
  const failed = inStep();
  chronicle.reconciled(run({ startedAt: noon + 3 * second, scope: 'targeted' }));
  const afterTargeted = inStep();
  chronicle.reconciled(run({ startedAt: noon + 4 * second }));

  expect(failed).toEqual({
    is: false,
    since: '2026-11-22T12:00:01.000Z',
    because: 'Keystone does not answer',
  });
  expect(afterTargeted).toEqual(failed);
  expect(inStep()).toEqual({ is: true, since: '2026-11-22T12:00:04.031Z', because: null });
});

test('of several reasons the first is shown, with how many more there are', () => {
  const chronicle = new Chronicle();

  chronicle.reconciled(run({ failures: [failure, failure, failure] }));

  expect(chronicle.read().inStep?.because).toBe('device n2: not made: refused (and 2 more)');
});

test.each<[string, Partial<ToldRun>]>([
  [
    'device n2: kept in portal: too many are missing',
    { held: [{ kind: 'device', name: 'n2', reason: 'too many are missing' }] },
  ],
  [
    'rack 7 in Concertim: no name',
    { unreadableRows: [{ object: 'rack', id: 7, name: undefined, problem: 'no name' }] },
  ],
  ['web: unknown state dreaming, portal status kept', { unknownStates: [{ id: 'web', state: 'dreaming' }] }],
])('as for `plan`, the portal is out of step: %s', (because, told) => {
  const chronicle = new Chronicle();
  chronicle.reconciled(run());

  chronicle.reconciled(run({ startedAt: noon + second, ...told }));
  const wrong = chronicle.read().inStep;
  chronicle.reconciled(run({ startedAt: noon + 2 * second }));

  expect(wrong).toEqual({ is: false, since: '2026-11-22T12:00:01.000Z', because });
  expect(chronicle.read().inStep).toMatchObject({ is: true });
});

test('what a targeted run holds may be a deletion that is not complete yet', () => {
  const chronicle = new Chronicle();
  const held = [{ kind: 'device', name: 'n2', reason: 'nothing confirms its deletion' }];
  chronicle.reconciled(run());

  chronicle.reconciled(run({ scope: 'targeted', held }));

  expect(chronicle.read().inStep).toMatchObject({ is: true });
});

test('a targeted run does not say that all is in step before a full one has', () => {
  const chronicle = new Chronicle();

  chronicle.reconciled(run({ scope: 'targeted', made: [made] }));

  expect(chronicle.read()).toMatchObject({ inStep: null, runs: [{ scope: 'targeted', changes: 1 }] });
});

test('of a run that did much only the first lines are shown, and how many are not', () => {
  const chronicle = new Chronicle();

  chronicle.reconciled(run({ made: Array.from({ length: 1_000 }, () => made) }));

  const [told] = chronicle.read().runs;
  expect(told).toMatchObject({ changes: 1_000, more: 940 });
  expect(told?.lines).toHaveLength(60);
});

test('what is remembered does not grow without end: the oldest goes', () => {
  const chronicle = new Chronicle();
  const delivery = { sent: 5, unknownDevices: 0, refused: [], left: 1 };
  const unknown = new Map([['no measure', { figures: 2 }]]);
  const counts = { instances: 3, kept: 0, due: 8, delivered: 5, ages: undefined };
  const cycle = { ...counts, ms: { read: 10.2, send: 1 }, unknown, delivery, failures: [1] };

  for (let index = 0; index < 500; index++) {
    chronicle.reconciled(run({ made: [made], runId: `r${index}` }));
    chronicle.notified(noon + index * second, index === 499 ? -3 : 12.4);
    chronicle.cycled({ ...cycle, startedAt: noon + index * second });
  }

  const { runs, lags, cycles } = chronicle.read();
  expect([runs.length, lags.length, cycles.length]).toEqual([40, 240, 240]);
  expect(runs.at(-1)?.runId).toBe('r499');
  expect(lags.slice(-2)).toEqual([
    { at: '2026-11-22T12:08:18.000Z', ms: 12 },
    // A clock that is ahead of ours sends nothing before its time.
    { at: '2026-11-22T12:08:19.000Z', ms: 0 },
  ]);
  expect(cycles.at(-1)).toEqual({
    startedAt: '2026-11-22T12:08:19.000Z',
    ms: 11,
    instances: 3,
    sent: 5,
    unknown: 2,
    failed: 1,
    left: 1,
    due: 8,
    delivered: 5,
  });
});
