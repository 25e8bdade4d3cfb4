/**
 * A signal that is aborted after so many ms of the machine's own time. For shutdown, answers of the broker,
 * and commands that people wait for: there no test replaces the clock.
 */
export function timeOut(ms: number): AbortSignal {
  return AbortSignal.timeout(ms);
}
