import { expect, test } from 'vitest';
import { component, run, updates } from '../../test/support/status-builders.ts';
import type { Status } from '../observability/status.ts';
import { describeStatus } from './describe-status.ts';

const now = Date.UTC(2026, 10, 22, 12, 0, 0);
const status: Status = {
  version: '1.0.0',
  pid: 7,
  startedAt: '2026-11-22T09:00:00.000Z',
  components: [
    component('updates_bulk', { lastSuccessAt: '2026-11-22T11:59:31.000Z' }),
    component('updates_mq', { ready: false, status: 'no notifications are heard', continuous: true }),
    component('api', { continuous: true, lastSuccessAt: '2026-11-22T09:00:01.000Z' }),
  ],
  updates: { ...updates, backlog: 2 },
  notifications: { listening: false, received: 0, lastAt: null, lagMs: null },
  money: null,
  metrics: null,
  sources: [
    {
      service: 'Nova',
      cloud: null,
      answeredAt: run.startedAt,
      failedAt: '2026-11-22T11:55:00.000Z',
      failure: '503',
    },
  ],
};

test('a process is reported in a few lines, each source with its age', () => {
  expect(describeStatus([status], now)).toBe(
    `process 7, version 1.0.0, started 3 h ago
  ✓ updates_bulk  works; last success 29 s ago
  ✗ updates_mq    no notifications are heard; no success yet
  ✓ api           works; started 3 h ago
    portal        release main, written to by this process
    full run      30 s ago, 4 changes in 812 ms
    targeted run  none yet
    waiting       2 objects to reconcile
    notifications NOT LISTENING; none received yet
    Nova          answered 30 s ago; failed 5 min ago (503)`,
  );
});

test('of several clouds the one that is away is named, with since when and why; sources name theirs', () => {
  const away = { since: '2026-11-22T11:48:00.000Z', why: 'Keystone did not answer within 20 s' };
  const clouds = [
    { name: 'north', away: null },
    { name: 'south', away },
  ];
  const sources = status.sources.map((source) => ({ ...source, cloud: 'north' }));

  const lines = describeStatus([{ ...status, sources, updates: { ...updates, clouds } }], now);

  expect(lines).toContain('    NOT READ      cloud south for 12 min: Keystone did not answer within 20 s\n');
  expect(lines).toContain('    north Nova    answered 30 s ago');
});

test('of the figures it is reported how many are not known', () => {
  const counts = {
    instances: 1,
    sent: 3,
    kept: 0,
    unknown: 2,
    failed: 0,
    left: 1,
    due: 5,
    delivered: 3,
    ms: 12,
  };
  const metrics = { ...counts, oldestMs: 640_000, reasons: { late: 2 } };
  const lines = describeStatus([{ ...status, metrics }], now);

  expect(lines).toContain(
    'figures       of 1 instance: 3 sent, 0 unchanged, 2 unknown, 1 left to the next cycle, 0 failed, in 12 ms',
  );
  expect(lines).toContain('delivered     3 of 5 figures that are due, the oldest measured 11 min ago');
  expect(lines).toContain('unknown       2 late');
});

test('of a component that stands by no success is shown', () => {
  const standing = { ...status, components: [component('updates_bulk', { status: 'stands by' })] };

  expect(describeStatus([standing], now)).toMatch(/✓ updates_bulk {2}stands by$/m);
});

test('what went wrong in a run, and a run that failed as a whole, are reported', () => {
  const lastFull = { ...run, failures: 3, held: 1, drift: 2, deletionsRefused: 1 };
  const failure = { at: run.startedAt, why: 'Keystone refused "concertim" (401).' };

  const text = describeStatus(
    [
      {
        ...status,
        updates: { ...updates, writer: false, release: null, lastFull, failure },
      },
    ],
    now,
  );

  expect(text).toContain('portal        this process is on standby');
  expect(text).toContain(
    '3 FAILED (the log says why), deletions REFUSED (`plan` says why), 1 kept though missing from OpenStack, 2 announced by no notification',
  );
  expect(text).toContain('failed        30 s ago: Keystone refused "concertim" (401).');
});

test('a component in its first run is not said to be broken', () => {
  const doing = '1200 of 4000 changes made, 16.7 a second, about 3 min left';
  const components = [component('updates_bulk', { ready: false, starting: true, status: doing })];

  expect(describeStatus([{ ...status, components }], now)).toContain(`  … updates_bulk  ${doing}\n`);
});

test('the money section shows what was rated, who is low on credits, and what is not recorded', () => {
  const money = {
    platform: 'killbill',
    owners: 2,
    cost: 12.346,
    lowCredits: [{ owner: 'physics', credits: -3 }],
    unbilled: 4,
    usage: { left: 2, over: 1, completeAt: run.startedAt },
  };
  const lines = describeStatus([{ ...status, money }], now);
  const well = { ...money, lowCredits: [], unbilled: 0, usage: { left: 0, over: 0, completeAt: null } };

  expect(lines).toContain('cost          12.35 this month, of 2 owners');
  expect(lines).toContain('LOW CREDITS   physics (-3)');
  expect(lines).toContain(
    'usage         2 left to be recorded, 1 recorded HIGHER THAN RATED; all recorded 30 s ago',
  );
  expect(lines).toContain('unbilled      4.00 rated, billed to nobody');
  expect(describeStatus([{ ...status, money: well }], now)).not.toMatch(/LOW CREDITS|unbilled|HIGHER/);
});
