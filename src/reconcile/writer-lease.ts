/** The right to write to the portal, which one process at a time has. */
export interface WriterLease {
  /**
   * Waits for the right, does the work with it, and when it is lost waits again, until `signal` is aborted.
   *
   * @param work ends soon after its signal is aborted: the right is gone, or the service stops
   * @param onWait called when another process has the right
   */
  hold(work: (held: AbortSignal) => Promise<void>, signal: AbortSignal, onWait?: () => void): Promise<void>;
}

/** For a process that has nobody to share the portal with. */
export const soleWriter: WriterLease = { hold: (work, signal) => work(signal) };
