import { expect, test } from 'vitest';
import type { DeviceId } from '../../src/concertim/model.ts';
import { definitions } from '../../src/metrics/definitions.ts';
import { Pace } from '../../src/metrics/pace.ts';
import { sendValues } from '../../src/metrics/send.ts';
import { SentValues, type Value } from '../../src/metrics/sent-values.ts';
import { ManualClock } from '../support/manual-clock.ts';

const devices = 10_000;
const perSecond = 1_000;
const times = { intervalMs: 15_000, ttlMs: 3_600_000 };
/** How long the daemon takes for one value of each device and metric. */
const roundMs = (devices * definitions.length * 1_000) / perSecond;

/** A daemon that takes a thousand values a second, one after the other, and fails at some. */
function slowDaemon(clock: ManualClock, failsAt: (count: number) => boolean = () => false) {
  let taken = 0;
  return {
    async report() {
      clock.advance(1_000 / perSecond);
      if (failsAt(++taken)) throw new Error('connection reset');
      return 'stored' as const;
    },
  };
}

async function run(cycles: number, failsAt?: (count: number) => boolean) {
  const clock = new ManualClock();
  const sent = new SentValues();
  const reporting = slowDaemon(clock, failsAt);
  const lastAt = new Map<string, number>();
  const oldestMs: number[] = [];
  for (let cycle = 0; cycle < cycles; cycle++) {
    const startedAt = clock.now();
    const deadline = startedAt + times.intervalMs;
    const values: Value[] = [];
    for (let id = 0; id < devices; id++)
      for (const definition of definitions)
        values.push({ deviceId: id as DeviceId, definition, value: 2 ** cycle, at: startedAt });
    const { left, hasForgotten } = await sendValues(sent.due(values, { now: startedAt, ...times }), {
      reporting,
      names: '2023',
      ttlS: times.ttlMs / 1_000,
      pace: new Pace(8),
      clock,
      deadline,
      wasTaken: (id) => sent.has(id),
      onSent: (value) => {
        sent.note(value, clock.now());
        lastAt.set(`${value.deviceId} ${value.definition.name}`, clock.now());
      },
    });
    expect(left).toBeGreaterThan(0);
    if (hasForgotten) sent.forgetSent(clock.now());
    clock.advance(Math.max(0, deadline - clock.now()));
    if (lastAt.size === devices * definitions.length)
      oldestMs.push(clock.now() - [...lastAt.values()].reduce((a, b) => Math.min(a, b)));
  }
  return { lastAt, oldestMs };
}

test('of 10,000 devices whose values all change, a daemon of 1,000 a second shows none older than a round', async () => {
  const { lastAt, oldestMs } = await run(8);

  expect(lastAt.size).toBe(devices * definitions.length);
  expect(oldestMs.length).toBeGreaterThan(2);
  for (const ms of oldestMs) expect(ms).toBeLessThanOrEqual(roundMs);
});

test('a daemon that fails now and then starves nobody either', async () => {
  const { lastAt, oldestMs } = await run(8, (count) => count % 5_000 === 0);

  expect(lastAt.size).toBe(devices * definitions.length);
  // What failed comes first in the next cycle.
  for (const ms of oldestMs) expect(ms).toBeLessThanOrEqual(roundMs + 2 * times.intervalMs);
});
