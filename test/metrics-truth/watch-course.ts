import { type Figure, figuresOf, type MeasuredResource, type Unknown } from '../../src/metrics/figures.ts';
import { pointsUpTo, readSeries } from '../../src/metrics/read-series.ts';
import { farMs, ReadWindows } from '../../src/metrics/read-windows.ts';
import type { Random } from '../../src/runtime/random.ts';
import type { Course } from './course.ts';
import { Measured, offsetS, type Setup } from './measured.ts';

/** What became of the CPU figure of one instance in a simulated time. */
export interface Outcome {
  readonly known: number;
  readonly unknown: ReadonlyMap<Unknown, number>;
  /** Figures beyond the documented error, in words. */
  readonly wrong: readonly string[];
  /** How many figures of the second half were unknown, by reason. */
  readonly lateUnknown: ReadonlyMap<Unknown, number>;
  /** The largest error met, in points of 100 %. */
  readonly largest: number;
}

const vcpus = 1;
const instanceOf = () => 'its instance';
/** The error from rounding to two decimals. */
const roundingError = 0.0051;

/**
 * Measures a course with a set-up, and reads it cycle after cycle with the service's own code for figures.
 *
 * @param seconds the length of the course
 */
export function watchCourse(
  course: Course,
  setup: Setup,
  options: { seconds: number; cycles: number; random: Random },
): Outcome {
  const { seconds, cycles, random } = options;
  const { grain, clock } = setup;
  const measured = new Measured(course, { ...setup, seconds }, random);
  const windows = new ReadWindows();
  const unknown = new Map<Unknown, number>();
  const lateUnknown = new Map<Unknown, number>();
  const wrong: string[] = [];
  const granularityMs = grain * 1000;
  let known = 0;
  let largest = 0;
  let covered: number | undefined;
  const first = Math.max(60, setup.polling);
  for (let cycle = 0; cycle < cycles; cycle++) {
    const second = first + ((seconds - first) * cycle) / cycles;
    const figure = read(second * 1000);
    if (figure.kind === 'unknown') {
      unknown.set(figure.because, (unknown.get(figure.because) ?? 0) + 1);
      if (cycle > cycles / 2) lateUnknown.set(figure.because, (lateUnknown.get(figure.because) ?? 0) + 1);
      continue;
    }
    known++;
    covered = figure.at;
    const off = clock === 'off' ? offsetS : 0;
    const from = (figure.at - figure.spanMs) / 1000 - off;
    const to = figure.at / 1000 - off;
    const [begin, end] = [from + grain / 2, to + grain / 2];
    const truth = (course.total(end) - course.total(begin)) / (end - begin) / 1e7 / vcpus;
    const peak = Math.max(course.peak(from, from + grain), course.peak(to, to + grain)) / 1e7 / vcpus;
    const error = Math.abs(figure.value - truth);
    largest = Math.max(largest, error);
    // The service cannot see a clock error that is too small to change the order of samples.
    const unseen = [figure.at - figure.spanMs, figure.at].reduce(
      (sum, at) => sum + measured.shiftIn(at / 1000, second),
      0,
    );
    const shift = unseen <= 3 * Math.max(setup.polling, grain) ? unseen : 0;
    const overall = shift > 0 ? course.peak(from - shift, to + grain + shift) / 1e7 / vcpus : 0;
    const bound = figure.error * peak + (shift / (figure.spanMs / 1000)) * overall;
    if (error > bound + roundingError)
      wrong.push(
        `${course.name}, ${JSON.stringify(setup)}: ${figure.value} at ${second.toFixed(0)} s for ${truth.toFixed(2)} ± ${bound.toFixed(2)} (${from} to ${to})`,
      );
  }
  return { known, unknown, lateUnknown, wrong, largest };

  function read(now: number): Figure {
    const [window] = windows.plan(['it'], { granularityMs, now, instanceOf });
    let windowMs = window?.windowMs ?? farMs;
    let points = observe(windowMs);
    if (
      windowMs < farMs &&
      windows.tooShort(['it'], { windowMs, granularityMs, now, instanceOf }).length > 0
    ) {
      windows.noteFarLook(['it'], now);
      points = observe((windowMs = farMs));
    }
    const since = now - windowMs;
    const series = readSeries(points, { granularityMs, since, now, cadence: windows.cadenceOf('it') });
    const resource: MeasuredResource = { id: 'it', type: 'instance', series: new Map([['cpu', series]]) };
    const settings = { cpuPerVcpu: true, coveredUntil: () => covered };
    const [figure] = figuresOf([resource], { vcpus, ram: 1_024 }, settings);
    return figure as Figure;

    function observe(ms: number) {
      const found = measured.points((now - ms) / 1000, now / 1000);
      windows.observe('it', [pointsUpTo(found, now)], now);
      return found;
    }
  }
}
