/** The process that has the right to write instead of this one. */
export interface LeaseHolder {
  /** Such as `process 812 on controller-1`. */
  readonly name: string;
  /** The file that names the process. */
  readonly path: string;
  /** Whether the process certainly runs. If not, it may have died, and its right expires. */
  readonly runs: boolean;
}

/** The right to write to the portal, which one process at a time has. */
export interface WriterLease {
  /**
   * Waits for the right, does the work with it, and when it is lost waits again, until `signal` is aborted.
   *
   * @param work ends soon after its signal is aborted: the right is gone, or the service stops
   * @param onWait called when it has to wait, with the process that has the right; undefined: no process could have it now
   */
  hold(
    work: (held: AbortSignal) => Promise<void>,
    signal: AbortSignal,
    onWait?: (holder: LeaseHolder | undefined) => void,
  ): Promise<void>;
}

/** For a process that has nobody to share the portal with. */
export const soleWriter: WriterLease = { hold: (work, signal) => work(signal) };
