import { ServiceError, type Severity } from '../runtime/severity.ts';

/** What every failed exchange tells about itself. The address has no query: queries may hold credentials. */
export interface ExchangeFacts {
  /** The name of the service, for people: `Nova`, `Concertim`. */
  readonly service: string;
  readonly method: string;
  readonly url: string;
}

/** No answer arrived: refused, reset, not resolved, TLS not trusted. */
export class ConnectionError extends ServiceError {
  override readonly name = 'ConnectionError';
  readonly service: string;
  readonly method: string;
  readonly url: string;
  /** Node's or undici's code, such as ECONNRESET. */
  readonly code: string;
  /** Whether the other side may have received, and carried out, the request. */
  readonly maybeCarriedOut: boolean;

  constructor(
    facts: ExchangeFacts,
    options: { code: string; maybeCarriedOut: boolean; cause: unknown; hint?: string | undefined },
  ) {
    super(`${facts.service} did not answer ${facts.method} ${facts.url} (${options.code}).`, {
      severity: 'transient',
      hint: options.hint,
      cause: options.cause,
    });
    this.service = facts.service;
    this.method = facts.method;
    this.url = facts.url;
    this.code = options.code;
    this.maybeCarriedOut = options.maybeCarriedOut;
  }
}

/** The answer, or the rest of it, did not come in time. The request may have been carried out. */
export class TimeoutError extends ServiceError {
  override readonly name = 'TimeoutError';
  readonly service: string;
  readonly method: string;
  readonly url: string;
  readonly timeoutMs: number;

  constructor(facts: ExchangeFacts, timeoutMs: number, cause: unknown) {
    super(`${facts.service} did not answer ${facts.method} ${facts.url} within ${timeoutMs / 1000} s.`, {
      severity: 'transient',
      cause,
    });
    this.service = facts.service;
    this.method = facts.method;
    this.url = facts.url;
    this.timeoutMs = timeoutMs;
  }
}

/** An answer came and cannot be used: too large, cut short, a field missing. */
export class BodyError extends ServiceError {
  override readonly name: string = 'BodyError';
  readonly service: string;
  readonly method: string;
  readonly url: string;

  constructor(
    facts: ExchangeFacts,
    problem: string,
    options: { severity?: Severity; hint?: string; cause?: unknown } = {},
  ) {
    super(`${facts.service} answered ${facts.method} ${facts.url} with ${problem}.`, {
      ...options,
      severity: options.severity ?? 'transient',
    });
    this.service = facts.service;
    this.method = facts.method;
    this.url = facts.url;
  }
}

/** The answer is whole, and something else than what was expected: another release of that system, or none of it at all. */
export class ShapeError extends BodyError {}

/**
 * The same for a list. It is fatal, because a retry gets the same: this address belongs to another service or
 * to an unknown release.
 */
export class ListShapeError extends ShapeError {
  override readonly name = 'ListShapeError';

  constructor(facts: ExchangeFacts, problem: string) {
    super(facts, problem, {
      severity: 'fatal',
      hint: `Another service than ${facts.service} answers at this address, or a release that this version does not know. Check the address.`,
    });
  }
}
