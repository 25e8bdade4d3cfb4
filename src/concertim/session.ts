import { z } from 'zod';
import type { BodySink } from '../http/body-sink.ts';
import { type ConnectionOptions, HttpClient, type HttpResponse, type Method } from '../http/client.ts';
import { isTransientStatus } from '../http/retry.ts';
import { type Held, renewalTime, TokenHolder } from '../http/token-holder.ts';
import { type Clock, systemClock } from '../runtime/clock.ts';
import type { Secret } from '../runtime/secret.ts';
import { ServiceError } from '../runtime/severity.ts';
import { SingleFlight } from '../runtime/single-flight.ts';
import { readAccessToken } from './access-token.ts';
import { ConcertimError } from './errors.ts';
import { type Grant, GrantFile } from './grant-file.ts';
import { type PortalProfile, profiles, type Release } from './profile.ts';
import { recognise } from './recognise.ts';

/** Whose session it is, and how it connects: by default five requests at a time, the threads of one portal process. */
export interface SessionOptions extends ConnectionOptions {
  /** The portal's address, with or without a slash at its end; may have a path. */
  readonly url: string;
  /** Its name for a super-user, not an e-mail address. */
  readonly login: string;
  readonly password: Secret;
  /** The portal's release; undefined: it is found out. */
  readonly release?: Release | undefined;
  /** Where a sign-in is kept for the next start; undefined: nowhere. */
  readonly grantFile?: string | undefined;
}

/** One request to the portal. */
export interface SessionRequest {
  readonly method: Method;
  /** From the portal's root, such as `/api/v1/racks/7`. */
  readonly path: string;
  /** The path without ids, such as `/api/v1/racks/{id}`. */
  readonly route: string;
  readonly body?: unknown;
  readonly idempotent?: boolean;
  /** Statuses, besides 2xx, that are an answer and not an error. */
  readonly accept?: readonly number[];
  /** What takes the body as it comes. */
  readonly into?: BodySink;
  readonly signal?: AbortSignal | undefined;
}

const signInPath = '/users/sign_in.json';

/**
 * A signed-in connection to Concertim. It signs in when first needed, again before the token ends and after a 401:
 * once for all requests that wait for it, because each sign-in costs the portal up to a second.
 */
export class Session {
  readonly #http: HttpClient;
  readonly #base: string;
  readonly #login: string;
  readonly #password: Secret;
  readonly #clock: Clock;
  readonly #closing = new AbortController();
  readonly #file: GrantFile | undefined;
  readonly #pinned: PortalProfile | undefined;
  /** Of an earlier process; read once. */
  #kept: Promise<Grant | undefined> | undefined;
  #isKeptUsed = false;
  /** The sign-in in use, as it is kept in the file. */
  #grant: Grant | undefined;
  /** Ends when the file has the sign-in: no request waits for that, since its hash takes as long as several of them. */
  #filing: Promise<void> = Promise.resolve();
  /** undefined: not known yet, or in doubt. */
  #profile: PortalProfile | undefined;
  /** That of an earlier process, until it is confirmed or in doubt. */
  #presumed: PortalProfile | undefined;
  /** Field names in the last answer to a sign-in, without values; undefined: there is none from the present release. */
  #namesAtSignIn: ReadonlySet<string> | undefined;
  readonly #recognition = new SingleFlight(() => this.#recogniseOnce());
  readonly #tokens: TokenHolder<Secret>;

  constructor(options: SessionOptions) {
    const { url, login, password, release, grantFile, concurrency = 5, onExchange, ...http } = options;
    this.#base = url.replace(/\/+$/, '');
    this.#login = login;
    this.#pinned = release && profiles[release];
    this.#file =
      grantFile === undefined ? undefined : new GrantFile(grantFile, { url: this.#base, login, password });
    this.#password = password;
    this.#clock = options.clock ?? systemClock;
    this.#tokens = new TokenHolder(this.#clock, () => this.#signIn());
    this.#http = new HttpClient({
      service: 'Concertim',
      concurrency,
      ...http,
      onExchange: (exchange) => {
        // A portal that was unavailable may come back as another release.
        if (typeof exchange.outcome !== 'number' || exchange.outcome >= 500) this.doubtProfile();
        onExchange?.(exchange);
      },
    });
  }

  /**
   * The answer, if its status is 2xx or one of `accept`.
   *
   * @throws {ConcertimError} any other status
   * @throws {ConnectionError | TimeoutError | BodyError} no usable answer
   */
  async request(request: SessionRequest): Promise<HttpResponse> {
    const response = await this.#tokens.send((token) => this.#send(request, token), request.signal);
    if (isSuccess(response.status) || request.accept?.includes(response.status)) return response;
    // A portal that was upgraded meanwhile has other routes and other required fields.
    if (response.status === 404 || response.status === 422) this.doubtProfile();
    throw new ConcertimError(response);
  }

  /**
   * The profile of the portal's release. Recognized on first use, and again after a sign-in, a failure, an unexpected refusal, or
   * `doubtProfile`, because the portal may be upgraded at any time.
   *
   * @throws {ServiceError} fatal when it is a release that is not served
   */
  async profile(signal?: AbortSignal): Promise<PortalProfile> {
    if (this.#pinned) return this.#pinned;
    await this.token(signal);
    return this.#profile ?? this.#recognition.join(signal);
  }

  /**
   * The same, or that of an earlier process whose sign-in was kept. The portal may have been upgraded since: only for reading what
   * shows whether it was.
   */
  async presumedProfile(signal?: AbortSignal): Promise<PortalProfile> {
    await this.token(signal);
    return this.#profile ?? this.#presumed ?? this.profile(signal);
  }

  /** What was read can only be of the presumed release, which therefore need not be found out. */
  confirmProfile(): void {
    this.#profile ??= this.#presumed;
    this.#presumed = undefined;
  }

  /** Has the release recognized again, because something does not fit it. The field names of an earlier sign-in no longer count. */
  doubtProfile(): void {
    this.#profile = undefined;
    this.#presumed = undefined;
    this.#namesAtSignIn = undefined;
  }

  /** A token that is good for a while yet. The metric daemon takes the same. */
  async token(signal?: AbortSignal): Promise<Secret> {
    return this.#tokens.token(signal);
  }

  /** Says that a token is not taken any more. One that was replaced meanwhile changes nothing. */
  forget(token: Secret): void {
    this.#tokens.forget(token);
  }

  /** Begins to read the sign-in of an earlier process, if it was kept: the hash of its password takes as long as several requests. */
  readKeptSignIn(): void {
    this.#kept ??= this.#file?.read();
  }

  /** Cuts what is in flight, a sign-in included. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#http.close();
    await this.#filing;
  }

  async #send(request: SessionRequest, token: Secret): Promise<HttpResponse> {
    const { path, accept: _, ...rest } = request;
    return this.#http.request({
      ...rest,
      url: this.#base + path,
      headers: { authorization: `Bearer ${token.reveal()}` },
    });
  }

  async #signIn(): Promise<Held<Secret>> {
    const kept = await this.#keptGrant();
    if (kept) return kept;
    const startedAt = this.#clock.now();
    const response = await this.#http.request({
      method: 'POST',
      url: this.#base + signInPath,
      route: signInPath,
      body: { user: { login: this.#login, password: this.#password.reveal() } },
      idempotent: true,
      signal: this.#closing.signal,
    });
    if (!isSuccess(response.status)) throw signInRefused(response, this.#login);
    const token = readAccessToken(response.headers['authorization']);
    if (!token) throw noToken(response);
    this.doubtProfile();
    this.#namesAtSignIn = requireSuperUser(response, this.#login);
    // By our clock: the times in the token are by the portal's clock, which may differ.
    this.#grant = { token: token.secret, renewAt: renewalTime(startedAt, token.lifetimeMs) };
    this.#fileGrant(this.#grant);
    return this.#grant;
  }

  async #recogniseOnce(): Promise<PortalProfile> {
    const ask = async (path: string) => {
      const signal = this.#closing.signal;
      const url = this.#base + path;
      return (await this.#http.request({ method: 'GET', url, route: path, signal })).status;
    };
    const profile = await recognise(this.#base, ask, this.#namesAtSignIn);
    this.#profile = profile;
    this.#presumed = undefined;
    this.#keepRelease(profile);
    return profile;
  }

  #keepRelease({ release }: PortalProfile): void {
    if (!this.#grant || this.#grant.release === release) return;
    this.#grant = { ...this.#grant, release };
    this.#fileGrant(this.#grant);
  }

  #fileGrant(grant: Grant): void {
    this.#filing = this.#filing.then(() => this.#file?.write(grant));
  }

  /** That of an earlier start, once: if the portal does not take it, a new one is had. */
  async #keptGrant(): Promise<Held<Secret> | undefined> {
    if (this.#isKeptUsed) return undefined;
    this.#isKeptUsed = true;
    this.readKeptSignIn();
    const grant = await this.#kept;
    if (!grant || this.#clock.now() >= grant.renewAt) return undefined;
    this.#grant = grant;
    if (!this.#pinned) this.#presumed = grant.release && profiles[grant.release];
    return grant;
  }
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}

function signInRefused(response: HttpResponse, login: string): ConcertimError {
  const what = `the sign-in of "${login}" at ${response.url}`;
  if (isTransientStatus(response.status)) return new ConcertimError(response, { what });
  if (response.status !== 401) return new ConcertimError(response, { what, severity: 'fatal' });
  return new ConcertimError(response, {
    what,
    severity: 'fatal',
    hint: 'Check concertim_username (the login, not the e-mail address) and concertim_password.',
  });
}

function noToken(response: HttpResponse): ServiceError {
  return new ServiceError(
    `${response.url} answered the sign-in (${response.status}) without a token in its Authorization header.`,
    {
      severity: 'fatal',
      hint: 'Is concertim_url the portal, and does a proxy before it let that header through?',
    },
  );
}

/**
 * The answer contains the password in plain text: only one flag and the names of its fields are read, and no value is ever
 * logged.
 *
 * @returns the names; undefined when it came cut short
 */
function requireSuperUser(response: HttpResponse, login: string): ReadonlySet<string> | undefined {
  let body: unknown;
  try {
    body = JSON.parse(response.text);
  } catch {
    return undefined;
  }
  const { success, data: row } = SignedIn.safeParse(body);
  if (!success) {
    throw new ServiceError(`${response.url} signs in, but not as Concertim does: its answer is no user.`, {
      severity: 'fatal',
      hint: 'Is concertim_url the address of the portal?',
    });
  }
  if (row.root) return new Set(Object.keys(row));
  throw new ServiceError(`"${login}" is not a super-user of Concertim, and so sees only what is its own.`, {
    severity: 'fatal',
    hint: 'Give as concertim_username a user who is, such as admin.',
  });
}

const SignedIn = z.looseObject({ root: z.boolean() });
