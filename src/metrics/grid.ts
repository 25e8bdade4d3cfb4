/** The next moment after `now` that is a whole number of intervals since 1970; all in ms. */
export function nextOnGrid(now: number, intervalMs: number): number {
  return (Math.floor(now / intervalMs) + 1) * intervalMs;
}

/**
 * When the cycle after the one that began at `last` begins: an interval later, even where that moment has just passed, as it has
 * when the last one was cut there. Where it is long past, or the clock was set back, at the next moment of the grid. All in ms.
 */
export function nextBeginning(last: number, now: number, intervalMs: number): number {
  const lateMs = now - (last + intervalMs);
  return lateMs >= -intervalMs && lateMs < intervalMs / 2 ? last + intervalMs : nextOnGrid(now, intervalMs);
}
