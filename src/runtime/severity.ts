/**
 * What an error means for the work at hand.
 *
 * - `transient`: the same work will probably succeed later (a time-out, a 503): the next run does it.
 * - `terminal`: this item never will, as it stands (a 422): report it and go on with the rest.
 * - `fatal`: nothing will, until a person acts (a wrong password, a bad configuration).
 */
export type Severity = 'transient' | 'terminal' | 'fatal';

/**
 * The base of every error that this service throws on purpose. The message says what failed, on what, and what was
 * expected; `hint` says what to try.
 */
export class ServiceError extends Error {
  override readonly name: string = 'ServiceError';
  readonly severity: Severity;
  readonly hint: string | undefined;

  constructor(message: string, options: { severity: Severity; hint?: string | undefined; cause?: unknown }) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.severity = options.severity;
    this.hint = options.hint;
  }
}

/** The one place that decides. An error that nobody here made is a defect: it must not be repeated for ever in silence. */
export function severityOf(error: unknown): Severity {
  return error instanceof ServiceError ? error.severity : 'terminal';
}

/** The message and, if there is one, what to try: one line for a log or a terminal. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const hint = error instanceof ServiceError ? error.hint : undefined;
  return hint ? `${error.message} ${hint}` : error.message;
}
