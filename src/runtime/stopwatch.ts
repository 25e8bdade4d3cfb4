/**
 * How long something takes, ms, by the machine's own monotonic time: it is never negative, whatever is done to the clock. For
 * figures that are reported; what waits or gives up takes a `Clock`.
 *
 * @returns ms since the stopwatch was started
 */
export function startStopwatch(): () => number {
  const startedAt = performance.now();
  return () => performance.now() - startedAt;
}
