import type { Unknown } from '../../src/metrics/figures.ts';
import { cycles, type Trial } from './plane.ts';

/** The reasons for which a disturbance may leave figures out; any other reason is a fault. */
const passing: ReadonlySet<Unknown> = new Set([
  'too-few-points',
  'counter-fell',
  'counter-jumped',
  'no-measures',
  'late',
]);
/**
 * The highest share of unknown figures in the second half of an undisturbed course: the service doubts young
 * counters that grow ever faster.
 */
const mostUnknown = 0.25;

/** What is not as docs/telemetry.md says, in words. */
export function findFaults(trials: readonly Trial[]): string[] {
  return trials.flatMap(({ course, setup, known, unknown, lateUnknown, wrong, isDisturbed }) => {
    const where = `${course}, ${JSON.stringify(setup)}`;
    const faults = [...wrong];
    const counted = [...unknown.values()].reduce((sum, count) => sum + count, known);
    if (counted !== cycles) faults.push(`${where}: of ${cycles} figures ${counted} are accounted for`);
    for (const because of unknown.keys())
      if (!passing.has(because)) faults.push(`${where}: unknown because ${because}`);
    const missing = [...lateUnknown.values()].reduce((sum, count) => sum + count, 0);
    if (!isDisturbed && missing > (mostUnknown * cycles) / 2)
      faults.push(`${where}: ${missing} missing, though nothing happens: ${[...lateUnknown.keys()].join()}`);
    if (known === 0) faults.push(`${where}: never a figure`);
    return faults;
  });
}
