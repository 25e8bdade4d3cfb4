import { expect, test } from 'vitest';
import type { Point } from '../openstack/metric.ts';
import { type Figure, figuresOf, type MeasuredResource, type Series, type Size } from './figures.ts';

const s = 1000;
const size: Size = { vcpus: 2, ram: 2_048 };
const perVcpu = { cpuPerVcpu: true };

/** Ten seconds apart in grains of five. */
function series(...values: number[]): Series {
  const points: Point[] = values.map((value, index) => ({ at: index * 10 * s, value }));
  return { kind: 'points', points, granularityMs: 5 * s, freshSince: 0 };
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

test('CPU is the share of all vCPUs', () => {
  const resources = [instance({ cpu: series(0, 5e9, 15e9) })];

  expect(figure(cpu, resources)).toMatchObject({ kind: 'known', value: 50, at: 20 * s });
});

test('CPU of the first version is the sum over the vCPUs', () => {
  const resources = [instance({ cpu: series(0, 5e9, 15e9) })];

  expect(figure(cpu, resources, size, { cpuPerVcpu: false })).toMatchObject({ value: 100 });
});

test('a little above 100 % is rounding of times, and counts as 100 %', () => {
  expect(figure(cpu, [instance({ cpu: series(0, 20.9e9) })])).toMatchObject({ value: 100 });
});

test('far above 100 % is no measure', () => {
  expect(figure(cpu, [instance({ cpu: series(0, 22e9) })])).toMatchObject({ because: 'impossible' });
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

test('both directions of all interfaces are summed', () => {
  const resources = [nic('a', series(0, 1_000), series(0, 500)), nic('b', series(7, 207), series(9, 9))];

  expect(figure(net, resources)).toMatchObject({ value: 170 });
});

test('a sum with an unknown part is unknown', () => {
  const whole = nic('a', series(0, 1_000), series(0, 500));

  expect(figure(net, [whole, nic('b', series(1_000, 0), series(0, 1))])).toMatchObject({
    because: 'counter-fell',
  });
  expect(figure(net, [whole, nic('b', series(5), series(5))])).toMatchObject({ because: 'too-few-points' });
  expect(figure(net, [whole, nic('b', series(0, 1))])).toMatchObject({
    because: 'no-metric',
    detail: 'network.outgoing.bytes',
  });
});

test('an interface that is measured no more is left aside, as long as another one is', () => {
  const gone: Series = { ...(series(0, 10) as Extract<Series, { kind: 'points' }>), freshSince: 60 * s };
  const here = nic('a', series(0, 1_000), series(0, 500));

  expect(figure(net, [here, nic('b', gone, gone)])).toMatchObject({ value: 150 });
  expect(figure(net, [nic('b', gone, gone)])).toMatchObject({ because: 'no-measures' });
  expect(figure(net, [here, nic('b', gone, series(0, 1))])).toMatchObject({ because: 'no-measures' });
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
    because: 'impossible',
  });
});
