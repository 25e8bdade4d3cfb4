/**
 * How long something takes, ms, by the machine's own monotonic time: it is never negative, whatever is done to the clock. For
 * figures that are reported; what waits or gives up takes a `Clock`.
 *
 * @returns ms since the stopwatch was started
 */
export function startStopwatch(): () => number {
  // Node loads what measures performance with the global of that name, before the first request.
  const startedAt = process.hrtime.bigint();
  return () => Number(process.hrtime.bigint() - startedAt) / 1e6;
}
