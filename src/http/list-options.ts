/** What every `list*` function takes besides what it is about. */
export interface ListOptions {
  /** Ends the reading of the list. */
  readonly signal?: AbortSignal | undefined;
}
