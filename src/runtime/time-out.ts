/**
 * Aborted after so many ms of the machine's own time. For the way out, and for commands that people wait for: there no test
 * replaces the clock.
 */
export function timeOut(ms: number): AbortSignal {
  return AbortSignal.timeout(ms);
}
