import { expect, test } from 'vitest';
import type { Point } from '../openstack/metric.ts';
import { type Figure, figuresOf, type MeasuredResource, type Series, type Size } from './figures.ts';

const s = 1000;
const size: Size = { vcpus: 2, ram: 2_048 };
const perVcpu = { cpuPerVcpu: true };

/**
 * Points 100 s apart in grains of 5 s, from 0 on. One with the first value precedes them, because no figure
 * begins at the first point.
 */
function series(...values: number[]): Points {
  return pointsOf([values[0] ?? 0, ...values].map((value, index) => ({ at: (index - 1) * 100 * s, value })));
}

type Points = Extract<Series, { kind: 'points' }>;

function pointsOf(points: readonly Point[], fields: Partial<Points> = {}): Points {
  return {
    kind: 'points',
    points,
    granularityMs: 5 * s,
    since: -100 * s,
    newestAt: points.at(-1)?.at,
    freshSince: 0,
    endedBefore: -1_000 * s,
    aheadMs: 0,
    ...fields,
  };
}

function instance(meters: Record<string, Series>): MeasuredResource {
  return { id: 'instance', type: 'instance', series: new Map(Object.entries(meters)) };
}

function nic(id: string, incoming: Series, outgoing?: Series): MeasuredResource {
  return {
    id,
    type: 'instance_network_interface',
    series: new Map([
      ['network.incoming.bytes', incoming],
      ...(outgoing ? [['network.outgoing.bytes', outgoing] as const] : []),
    ]),
  };
}

function figure(
  name: string,
  resources: MeasuredResource[],
  of = size,
  settings = perVcpu,
): Figure | undefined {
  return figuresOf(resources, of, settings).find(({ definition }) => definition.name === name);
}

const cpu = 'os.instance.cpu_utilization';
const ram = 'os.instance.ram_usage';
const net = 'os.net.avg_usage';

test('CPU is the share of all vCPUs, of the time that it takes for the precision', () => {
  const resources = [instance({ cpu: series(0, 50e9, 150e9) })];

  expect(figure(cpu, resources)).toMatchObject({ value: 50, at: 200 * s, spanMs: 100 * s, error: 0.05 });
});

test('of all time since the last figure nothing is left out', () => {
  const resources = [instance({ cpu: series(0, 50e9, 150e9) })];
  const settings = { ...perVcpu, coveredUntil: () => 99 * s };

  expect(figure(cpu, resources, size, settings)).toMatchObject({ value: 37.5, spanMs: 200 * s });
});

test('CPU of the first version is the sum over the vCPUs', () => {
  const resources = [instance({ cpu: series(0, 50e9, 150e9) })];

  expect(figure(cpu, resources, size, { cpuPerVcpu: false })).toMatchObject({ value: 100 });
});

test('the threads of the hypervisor count beside the vCPUs: with one core of them it is 100 %', () => {
  const one = { vcpus: 1, ram: 2_048 };

  expect(figure(cpu, [instance({ cpu: series(0, 112e9) })], one)).toMatchObject({ value: 100 });
  expect(figure(cpu, [instance({ cpu: series(0, 199e9) })], one)).toMatchObject({ value: 100 });
});

test('memory somewhat above the template is the memory of the process, and counts as 100 %', () => {
  expect(figure(ram, [instance({ 'memory.usage': series(2_171) })])).toMatchObject({ value: 100 });
});

test('far above 100 % is no measure', () => {
  expect(figure(cpu, [instance({ cpu: series(0, 330e9) })])).toMatchObject({ because: 'counter-jumped' });
  expect(figure(ram, [instance({ 'memory.usage': series(3_000) })])).toMatchObject({ because: 'impossible' });
});

test('memory is the share of what the flavor has now', () => {
  const resources = [instance({ 'memory.usage': series(512, 1_024) })];

  expect(figure(ram, resources)).toMatchObject({ value: 50 });
  expect(figure(ram, resources, { vcpus: 2, ram: 4_096 })).toMatchObject({ value: 25 });
});

test('without the size of the flavor there is no share', () => {
  const resources = [instance({ cpu: series(0, 5e9), 'memory.usage': series(512) })];
  const figures = figuresOf(resources, { vcpus: null, ram: 0 }, perVcpu);

  expect(figures.slice(0, 2)).toMatchObject([{ because: 'no-size' }, { because: 'no-size' }]);
});

test('values have two decimals', () => {
  expect(figure(ram, [instance({ 'memory.usage': series(682.7) })])).toMatchObject({ value: 33.33 });
});

const whole = nic('a', series(0, 10_000), series(0, 5_000));

test('both directions of all interfaces are summed', () => {
  const resources = [whole, nic('b', series(7, 2_007), series(9, 9))];

  expect(figure(net, resources)).toMatchObject({ value: 170 });
});

test('a sum with an unknown part is unknown', () => {
  expect(figure(net, [whole, nic('b', series(1_000, 0), series(0, 1))])).toMatchObject({
    because: 'counter-fell',
  });
  expect(figure(net, [whole, nic('b', series(5), series(5))])).toMatchObject({ because: 'too-few-points' });
  expect(figure(net, [whole, nic('b', series(0, 1))])).toMatchObject({
    because: 'no-metric',
    detail: 'network.outgoing.bytes',
  });
});

test('a sum covers one time: while the measures of one interface lag it is of the time that all have', () => {
  const long = nic('a', series(0, 10_000, 20_000, 50_000), series(0, 0, 0, 0));
  const lagging = nic('b', series(0, 20_000, 40_000), series(0, 0, 0));

  expect(figure(net, [long, lagging])).toMatchObject({ value: 300, at: 200 * s });
});

test('an interface whose measures have just stopped may be late: without it there is no sum', () => {
  const late = pointsOf(series(0, 10).points, { freshSince: 300 * s });

  expect(figure(net, [whole, nic('b', late, late)])).toMatchObject({ because: 'part-late' });
  expect(figure(net, [nic('b', late, late)])).toMatchObject({ because: 'late' });
});

test('an interface that is long measured no more is left aside, as long as another one is', () => {
  const ended = { endedBefore: 300 * s };
  const gone = pointsOf([], { ...ended, newestAt: -300 * s });
  const sooner = pointsOf(series(0, 10).points, ended);

  expect(figure(net, [whole, nic('b', gone, gone)])).toMatchObject({ value: 150 });
  // While interface b was measured, the other one was not the whole load.
  expect(figure(net, [whole, nic('b', sooner, sooner)])).toMatchObject({ because: 'too-few-points' });
  expect(figure(net, [nic('b', gone, gone)])).toMatchObject({ because: 'no-measures' });
  expect(figure(net, [whole, nic('b', gone, series(0, 1))])).toMatchObject({ because: 'no-measures' });
});

test('times of a host whose clock is ahead by more than a minute are not believed', () => {
  const ahead = pointsOf(series(0, 50e9).points, { aheadMs: 60_001 });

  expect(figure(cpu, [instance({ cpu: ahead })])).toMatchObject({ because: 'clock-ahead' });
  expect(figure(cpu, [instance({ cpu: { ...ahead, aheadMs: 60_000 } })])).toMatchObject({ kind: 'known' });
});

test('a counter that jumps up for one gap is no load, and none the less one that keeps on is', () => {
  const quiet = [0, 200_000, 400_000, 600_000, 800_000];
  const jump = series(...quiet, 20e9 + 1e6);
  const download = series(...quiet, 20e9 + 1e6, 40e9);
  const still = series(...Array.from({ length: 7 }, () => 0));

  expect(figure(net, [nic('a', jump, series(0, 0, 0, 0, 0, 0))])).toMatchObject({
    because: 'counter-jumped',
  });
  expect(figure(net, [nic('a', download, still)])).toMatchObject({ value: 199_990_000 });
});

test('what Gnocchi did not give is unknown by its reason, and never 0', () => {
  const unreadable: Series = { kind: 'unreadable', reason: 'archive policy bool keeps no mean, only last' };

  expect(figure(cpu, [instance({ cpu: unreadable })])).toMatchObject({
    because: 'unreadable',
    detail: unreadable.reason,
  });
  expect(figure(cpu, [instance({ cpu: { kind: 'unread' } })])).toMatchObject({ because: 'unread' });
  expect(figure(cpu, [instance({})])).toMatchObject({ because: 'no-metric', detail: 'cpu' });
  expect(figure(cpu, [])).toMatchObject({ because: 'no-resource' });
  expect(figuresOf(undefined, size, perVcpu)).toMatchObject(
    Array.from({ length: 5 }, () => ({ because: 'unread' })),
  );
});

test('a value that is no number is not sent', () => {
  expect(figure(net, [nic('a', series(0, Number.POSITIVE_INFINITY), series(0, 1))])).toMatchObject({
    kind: 'unknown',
  });
});
