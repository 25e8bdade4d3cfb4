/**
 * How precise a figure is. Gnocchi gives the mean of the samples in a grain, not when they were taken: the counter had that
 * value at some moment of the grain, whichever and however many samples there are. Between two grains that begin `d` apart
 * it therefore grew for at least `d - g` and at most `d + g`, and with it
 *
 * ```
 *   figure = growth ÷ d        |figure − true mean| ≤ g ÷ d × (fastest growth in the two grains)
 * ```
 *
 * This holds for every load, polling interval, jitter and loss of samples. `test/metrics-truth` checks it.
 */

/** The error that a figure may have: 5 points of 100 %. */
const aimedError = 0.05;
/** A figure is the mean of no longer time than this, unless samples are further apart: half an hour ago is another load. */
const longestSpanMs = 1_800_000;
/** With a larger error there is no figure. */
export const largestError = 0.2;

/** The least time that a figure is the mean of, for a grain's length. Both in ms. */
export function spanOf(granularityMs: number): number {
  return Math.min(granularityMs / aimedError, longestSpanMs);
}

/** The largest error of a figure: a share, 0 to 1, of the fastest growth. Both lengths in ms. */
export function errorOf(granularityMs: number, spanMs: number): number {
  return granularityMs / spanMs;
}

/**
 * The largest error of the figures of a cloud that is measured so: a share, 0 to 1, of the fastest growth. Over 0.2 there
 * are no figures. Both in ms.
 */
export function errorAt({ pollingMs, granularityMs }: { pollingMs: number; granularityMs: number }): number {
  return errorOf(granularityMs, Math.max(spanOf(granularityMs), pollingMs));
}
