import { seededRandom } from '../../src/runtime/random.ts';
import { courses } from './course.ts';
import type { Setup } from './measured.ts';
import { type Outcome, watchCourse } from './watch-course.ts';

/** One course in one set-up, and what became of it. */
export interface Trial extends Outcome {
  readonly course: string;
  readonly setup: Setup;
  /** Whether samples get lost, clocks are wrong or counters begin anew. */
  readonly isDisturbed: boolean;
}

/** What a CPU counts in a second, ns. */
const full = 1e9;
export const cycles = 60;

/**
 * Every set-up with every course. @param step takes every so many-th of them, in which each value still
 * occurs
 */
export function* plane(step = 1): Generator<Trial> {
  let index = 0;
  for (const grain of [1, 5, 10, 60, 300])
    for (const polling of [5, 10, 30, 60, 90, 300, 600])
      for (const jitter of [0, 0.1, 1])
        for (const lag of [2, 90, 600])
          for (const clock of ['right', 'off', 'wrong for a moment'] as const)
            for (const loss of [0, 0.05]) {
              if (index++ % step !== 0) continue;
              const setup = { polling, grain, jitter, lag, clock, loss };
              const random = seededRandom(index);
              const seconds = secondsFor(setup);
              for (const course of courses({ full, seconds, random })) {
                const restarts = course.restarts.length > 0;
                // With both at once no reader could distinguish the error from a load.
                if (clock === 'wrong for a moment' && restarts) continue;
                const isDisturbed = restarts || loss > 0 || clock === 'wrong for a moment';
                const outcome = watchCourse(course, setup, { seconds, cycles, random });
                yield { course: course.name, setup, isDisturbed, ...outcome };
              }
            }
}

/** Long enough for the longest mean twice, and for twenty samples. */
function secondsFor({ polling, grain, lag }: Setup): number {
  return 2 * Math.min(20 * grain, 1_800) + 20 * Math.max(polling, grain) + lag + 600;
}
