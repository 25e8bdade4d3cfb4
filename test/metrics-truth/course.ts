import type { Random } from '../../src/runtime/random.ts';

/** A load whose true value is known at every moment: steps of constant strength. */
export interface Course {
  readonly name: string;
  /** When the counters restart: reboots, migrations, resizes. Seconds. */
  readonly restarts: readonly number[];
  /** Its strength at that second. */
  at(second: number): number;
  /** All work done up to that second. */
  total(second: number): number;
  /** The greatest strength between two moments. */
  peak(from: number, to: number): number;
}

/** @param strengthAt the strength at each second, as a share of `full` */
function course(
  name: string,
  strengthAt: (second: number) => number,
  { full, seconds, restarts = [] }: { full: number; seconds: number; restarts?: readonly number[] },
): Course {
  const strengths = Float64Array.from({ length: seconds + 1 }, (_, second) => full * strengthAt(second));
  const totals = new Float64Array(seconds + 2);
  for (let second = 0; second <= seconds; second++)
    totals[second + 1] = (totals[second] ?? 0) + (strengths[second] ?? 0);
  const at = (second: number) => strengths[Math.min(Math.max(0, Math.floor(second)), seconds)] ?? 0;
  return {
    name,
    restarts,
    at,
    total: (second) => (totals[Math.floor(second)] ?? 0) + at(second) * (second - Math.floor(second)),
    peak(from, to) {
      let peak = 0;
      for (let second = Math.floor(from); second <= to; second++) peak = Math.max(peak, at(second));
      return peak;
    },
  };
}

/** Every course that a figure must be true for. */
export function courses(options: { full: number; seconds: number; random: Random }): Course[] {
  const { seconds, random } = options;
  const middle = Math.round(seconds * 0.55);
  const bursts = Float64Array.from({ length: Math.ceil(seconds / 20) + 1 }, () => random.next() ** 4);
  return [
    course('constant', () => 0.5, options),
    course('idle', () => 0, options),
    course('full', () => 1, options),
    course('ramp', (second) => second / seconds, options),
    course('square wave of 30 s', (second) => (second % 30 < 10 ? 1 : 0), options),
    course('square wave of 20 min', (second) => (second % 1200 < 600 ? 1 : 0.02), options),
    course('bursts', (second) => bursts[Math.floor(second / 20)] ?? 0, options),
    course('a reboot', () => 0.5, { ...options, restarts: [middle] }),
    course('a reboot at once', () => 0.5, { ...options, restarts: [Math.round(seconds * 0.02)] }),
    course('a migration under a wave', (second) => (second % 90 < 45 ? 0.9 : 0.1), {
      ...options,
      restarts: [middle + 7],
    }),
    course('reboot upon reboot', () => 0.4, { ...options, restarts: [middle, middle + 31, middle + 400] }),
  ];
}
