/** Takes a body in pieces, where it is too large to hold as a whole. */
export interface BodySink {
  /** Forgets what it has: the exchange is begun, or begun again. */
  begin(): void;
  /**
   * Never fails: an error in the body is reported when the sink's result is read.
   *
   * @returns whether it takes more; if not, the rest is not read
   */
  write(chunk: Buffer): boolean;
  /** What is left for the answer's `text`. */
  end(): string;
}
