/** The next moment after `now` that is a whole number of intervals since 1970; all in ms. */
export function nextOnGrid(now: number, intervalMs: number): number {
  return (Math.floor(now / intervalMs) + 1) * intervalMs;
}
