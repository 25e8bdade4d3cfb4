import { definitions } from '../../src/metrics/definitions.ts';
import { type Figure, figuresOf, type MeasuredResource, type Unknown } from '../../src/metrics/figures.ts';
import { pointsUpTo, readSeries } from '../../src/metrics/read-series.ts';
import { farMs, ReadWindows } from '../../src/metrics/read-windows.ts';
import type { Point } from '../../src/openstack/metric.ts';
import type { Random } from '../../src/runtime/random.ts';
import type { Course } from './course.ts';
import { Measured, type Setup } from './measured.ts';

/** An interface of an instance. */
export interface Interface {
  /** The course of each of its two counters. */
  readonly course: Course;
  readonly setup: Setup;
  /** When it is attached and detached; seconds. */
  readonly from: number;
  readonly until: number;
}

/** What became of the network figure. */
export interface SumOutcome {
  readonly known: number;
  readonly unknown: ReadonlyMap<Unknown, number>;
  /** Figures beyond the documented error, in words. */
  readonly wrong: readonly string[];
  /** The last figure that was known. */
  readonly last: Figure | undefined;
}

const net = definitions.find(({ type }) => type === 'instance_network_interface');
const meters = net?.meters ?? [];
/** New resources are looked for so often, seconds; docs/components/metrics.md. */
const newcomersS = 15;
const roundingError = 0.0051;

/** Measures the interfaces of one instance, and looks at their sum cycle after cycle. */
export function watchSum(
  interfaces: readonly Interface[],
  { seconds, cycles, random }: { seconds: number; cycles: number; random: Random },
): SumOutcome {
  const windows = new ReadWindows();
  const parts = interfaces.map((each, index) => ({
    ...each,
    id: `tap${index}`,
    granularityMs: each.setup.grain * 1000,
    counters: meters.map(
      () => new Measured(attached(each), { ...each.setup, from: each.from, seconds: each.until }, random),
    ),
  }));
  const unknown = new Map<Unknown, number>();
  const wrong: string[] = [];
  let known = 0;
  let covered: number | undefined;
  let last: Figure | undefined;
  for (let cycle = 1; cycle <= cycles; cycle++) {
    const now = (seconds * cycle) / cycles;
    const figure = read(now);
    if (figure.kind === 'unknown') {
      unknown.set(figure.because, (unknown.get(figure.because) ?? 0) + 1);
      continue;
    }
    known++;
    covered = figure.at;
    last = figure;
    const grain = Math.max(...interfaces.map(({ setup }) => setup.grain));
    const [from, to] = [(figure.at - figure.spanMs) / 1000, figure.at / 1000];
    const [begin, end] = [from + grain / 2, to + grain / 2];
    const truth = (moved(parts, begin, end) * meters.length) / (end - begin);
    // The agent samples one interface after the other: their moments may be in neighbouring grains.
    const peak = parts.reduce(
      (sum, { course }) => sum + course.peak(from - grain, to + 2 * grain) * meters.length,
      0,
    );
    const error = Math.abs(figure.value - truth);
    if (error > figure.error * peak + unseen(begin, end) + roundingError)
      wrong.push(`${figure.value} at ${now.toFixed(0)} s for ${truth.toFixed(2)} (${begin} to ${end})`);
  }
  return { known, unknown, wrong, last };

  function read(now: number): Figure {
    const nowMs = now * 1000;
    // One that was taken away stays in Gnocchi.
    const there = parts.filter(({ from, setup }) => now >= from + setup.polling + setup.lag + newcomersS);
    const how = {
      granularityMs: Math.max(...there.map(({ granularityMs }) => granularityMs)),
      now: nowMs,
      instanceOf: () => 'their instance',
    };
    const ids = there.map(({ id }) => id);
    const planned = windows.plan(ids, how);
    const points = new Map(there.map((part) => [part.id, { windowMs: 0, series: [] as Point[][] }]));
    const observe = ({ id, counters }: (typeof parts)[number], windowMs: number) => {
      const series = counters.map((counter) => counter.points(now - windowMs / 1000, now));
      windows.observe(
        id,
        series.map((each) => pointsUpTo(each, nowMs)),
        nowMs,
      );
      points.set(id, { windowMs, series });
    };
    for (const { windowMs, ids: some } of planned)
      for (const part of there) if (some.includes(part.id)) observe(part, windowMs);
    for (const { windowMs, ids: some } of planned) {
      const short = windowMs < farMs ? windows.tooShort(some, { ...how, windowMs }) : [];
      windows.noteFarLook(short, nowMs);
      for (const part of there) if (short.includes(part.id)) observe(part, farMs);
    }
    const measured = there.map(({ id, granularityMs }): MeasuredResource => {
      const { windowMs, series } = points.get(id) ?? { windowMs: 0, series: [] };
      const by = { granularityMs, since: nowMs - windowMs, now: nowMs, cadence: windows.cadenceOf(id) };
      const read = new Map(meters.map((meter, index) => [meter, readSeries(series[index] ?? [], by)]));
      return { id, type: 'instance_network_interface', series: read };
    });
    const settings = { cpuPerVcpu: true, coveredUntil: () => covered };
    const figure = figuresOf(measured, { vcpus: 1, ram: 1_024 }, settings).find(
      ({ definition }) => definition === net,
    );
    return figure as Figure;
  }

  /**
   * What an interface moves unseen: before the service has looked for its first sample and found it, and
   * after its last sample.
   */
  function unseen(begin: number, end: number): number {
    return parts.reduce((sum, part) => {
      const { polling, lag, grain } = part.setup;
      const seenFrom = part.from + 2 * polling + lag + grain + newcomersS;
      const early = moved([part], begin, Math.min(end, seenFrom));
      const late = moved([part], Math.max(begin, part.until - 2 * polling - grain), end);
      return sum + ((early + late) * meters.length) / (end - begin);
    }, 0);
  }
}

/** All that these interfaces move between two moments, by one counter each. */
function moved(interfaces: readonly Interface[], begin: number, end: number): number {
  return interfaces.reduce((sum, { course, from, until }) => {
    const [first, last] = [Math.max(begin, from), Math.min(end, until)];
    return last > first ? sum + course.total(last) - course.total(first) : sum;
  }, 0);
}

/** Its counters begin when it is attached. */
function attached({ course, from }: Interface): Course {
  return { ...course, restarts: [from, ...course.restarts.filter((restart) => restart > from)] };
}
