import type { Clock } from '../runtime/clock.ts';
import { SingleFlight } from '../runtime/single-flight.ts';

/** A token, and when the next one is fetched: ms since 1970. */
export interface Held<Token> {
  readonly token: Token;
  readonly renewAt: number;
}

/** A token is renewed a tenth of its lifetime before it expires, but at most five minutes before. */
const renewalShare = 0.1;
const longestRenewalMs = 5 * 60_000;

/**
 * When to replace a token that was given at `givenAt` (ms since 1970) for `lifetimeMs`; undefined: its
 * lifetime is not known.
 */
export function renewalTime(givenAt: number, lifetimeMs: number | undefined): number {
  if (lifetimeMs === undefined) return Number.POSITIVE_INFINITY;
  return givenAt + lifetimeMs - Math.min(longestRenewalMs, lifetimeMs * renewalShare);
}

/**
 * The token of a session: fetched when first needed, again before it expires and after a 401. One sign-in at
 * a time serves all requests that wait for it, and continues when the request that started it is aborted.
 */
export class TokenHolder<Token> {
  readonly #clock: Clock;
  readonly #signIn: SingleFlight<Token>;
  #held: Held<Token> | undefined;

  constructor(clock: Clock, signIn: () => Promise<Held<Token>>) {
    this.#clock = clock;
    this.#signIn = new SingleFlight(async () => (this.#held = await signIn()).token);
  }

  /** A token that is not yet due for renewal. */
  async token(signal?: AbortSignal): Promise<Token> {
    signal?.throwIfAborted();
    if (this.#held && this.#clock.now() < this.#held.renewAt) return this.#held.token;
    return this.#signIn.join(signal);
  }

  /** Drops a token that was rejected. One that was replaced meanwhile changes nothing. */
  forget(token: Token): void {
    if (this.#held?.token === token) this.#held = undefined;
  }

  /** Sends a request with a token, and after a 401 once more with a new one. Returns the last answer. */
  async send<Response extends { readonly status: number }>(
    send: (token: Token) => Promise<Response>,
    signal?: AbortSignal,
  ): Promise<Response> {
    const token = await this.token(signal);
    const response = await send(token);
    if (response.status !== 401) return response;
    this.forget(token);
    return send(await this.token(signal));
  }
}
