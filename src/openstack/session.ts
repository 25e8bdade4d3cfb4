import { LRUCache } from 'lru-cache';
import type { BodySink } from '../http/body-sink.ts';
import { type ConnectionOptions, HttpClient, type HttpResponse, type Method } from '../http/client.ts';
import { BodyError } from '../http/errors.ts';
import { type Held, renewalTime, TokenHolder } from '../http/token-holder.ts';
import { type Clock, systemClock } from '../runtime/clock.ts';
import type { Secret } from '../runtime/secret.ts';
import { ServiceError, type Severity } from '../runtime/severity.ts';
import {
  belowRoot,
  CatalogError,
  findEndpoint,
  type Interface,
  isListed,
  type ServiceType,
  services,
} from './catalog.ts';
import { type Credentials, identityUrl, plainAuthUrl, scopedTo } from './credentials.ts';
import { openStackError } from './errors.ts';
import type { ProjectId, UserId } from './model.ts';
import { login, opensAccount, type Token } from './token.ts';

/** Whose session it is, and how it connects: 16 requests at a time to each service by default. */
export interface SessionOptions extends ConnectionOptions {
  readonly credentials: Credentials;
  /** Needed only where the catalog has several. */
  readonly region?: string | undefined;
  /** Default: public. */
  readonly interface?: Interface | undefined;
  /** What messages call the cloud; undefined: there is no other. */
  readonly cloud?: string | undefined;
  /** Of the same account, in the other regions of the same Keystone. */
  readonly otherRegions?: readonly Session[];
}

/** One request to a service of the cloud. */
export interface SessionRequest {
  readonly method: Method;
  /** Below the version (`/v2.1`) and, where endpoints have it, the project; begins with a slash. */
  readonly path: string;
  /** The path without ids, such as `/servers/{id}`. */
  readonly route: string;
  /** A list becomes one parameter of that name for each item. */
  readonly query?: Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly idempotent?: boolean;
  /** Statuses from 300 on that are answers and not errors. */
  readonly accept?: readonly number[];
  /** Another project than the session's, for services that have it in the path; null for none. */
  readonly project?: ProjectId | null;
  readonly timeoutMs?: number;
  /** What takes the body as it comes. */
  readonly into?: BodySink;
  readonly signal?: AbortSignal | undefined;
}

/** What of a request stays the same when a link of the service's replaces path and query. */
export type FollowRequest = Omit<
  SessionRequest,
  'path' | 'query' | 'project' | 'body' | 'idempotent' | 'method'
>;

/** A catalog without the service is read again, but not all the time: a cloud may have no Gnocchi. */
const catalogDoubtMs = 60_000;
/**
 * Sessions of other projects are dropped after this time without use: projects come and go, and each session
 * holds a token and a catalog.
 */
const forgottenAfterMs = 3_600_000;
const mostProjects = 10_000;

/**
 * One user in one project of one cloud: holds its token, finds the services and sends them requests. The
 * token is fetched when first needed, again before it expires and after a 401; one login at a time serves all
 * requests that wait for it.
 */
export class Session {
  readonly #credentials: Credentials;
  readonly #place: Pick<SessionOptions, 'region' | 'interface'>;
  readonly #http: ConnectionOptions;
  readonly clock: Clock;
  /** What messages call its cloud; undefined: there is no other. */
  readonly cloud: string | undefined;
  readonly #otherRegions: readonly Session[];
  /** One per service, made when first needed; shared with the sessions of the other projects. */
  readonly #clients: Map<ServiceType, HttpClient>;
  /** Made when first needed, like the clients; shared in the same way. */
  readonly #projects: { kept?: LRUCache<ProjectId, Session> };
  readonly #closing: AbortController;
  /** Without its own login there is no cloud; without that to another project there is one project less. */
  readonly #refusal: Severity;
  readonly #tokens: TokenHolder<Token>;
  #signedInAt = 0;
  /** The sign-in that was begun before anybody needed it. */
  #ahead: Promise<Held<Token>> | undefined;

  /** @param parent the same user's session whose connections this one uses */
  constructor(options: SessionOptions, parent?: Session) {
    const { credentials, region, interface: face, cloud, otherRegions = [], ...http } = options;
    this.#credentials = credentials;
    this.#place = { region, interface: face };
    this.#http = http;
    this.clock = options.clock ?? systemClock;
    this.cloud = cloud;
    this.#otherRegions = otherRegions;
    this.#clients = parent ? parent.#clients : new Map();
    this.#projects = parent ? parent.#projects : {};
    this.#closing = parent ? parent.#closing : new AbortController();
    this.#refusal = parent ? 'terminal' : 'fatal';
    this.#tokens = new TokenHolder(this.clock, () => this.#signIn());
  }

  /** Begins to sign in, for the first who needs it: whether that succeeds is theirs to hear. Resolves when it is over. */
  async signInAhead(): Promise<void> {
    this.#ahead = this.#login();
    await this.#ahead.catch(() => {});
  }

  /**
   * A token that is good for a while yet.
   *
   * @throws {OpenStackError} Keystone refuses: fatal
   */
  async token(signal?: AbortSignal): Promise<Token> {
    return this.#tokens.token(signal);
  }

  /**
   * The answer, if its status is below 300 or one of `accept`.
   *
   * @throws {OpenStackError} any other status
   * @throws {CatalogError} the catalog has no such endpoint
   * @throws {ConnectionError | TimeoutError | BodyError} no usable answer
   */
  async request(service: ServiceType, request: SessionRequest): Promise<HttpResponse> {
    const query = queryText(request.query);
    return this.#send(service, request, (token) => {
      const { root, projectInPath } = this.#endpoint(service, token);
      const projectId = request.project === undefined ? token.projectId : request.project;
      const project = projectInPath && projectId ? `/${projectId}` : '';
      return `${root}${project}${request.path}${query}`;
    });
  }

  /**
   * GET of a link that the service itself gave (the next page, a redirection). Of the link only what stands below the
   * version counts: behind a proxy it names a host that we do not know, and the token must not go there.
   */
  async follow(service: ServiceType, link: string, request: FollowRequest): Promise<HttpResponse> {
    return this.#send(service, { ...request, method: 'GET' }, (token) => {
      const { root } = this.#endpoint(service, token);
      const facts = { service: services[service].name, method: 'GET', url: root };
      const below = belowRoot(root, link);
      if (below === undefined) throw new BodyError(facts, `a link that names no version of it: ${link}`);
      return root + below;
    });
  }

  /**
   * Where a service answers; undefined: the catalog has none, in the region where one is chosen.
   *
   * @throws {CatalogError} the catalog has several, or none of the interface
   */
  async addressOf(service: ServiceType, signal?: AbortSignal): Promise<string | undefined> {
    const token = await this.token(signal);
    const { region } = this.#place;
    return isListed(token.catalog, { service, region }) ? this.#endpoint(service, token).root : undefined;
  }

  /** Address of its Keystone in its plain form: regions that share one have the same, however each is written. */
  get keystone(): string {
    const url = identityUrl(this.#credentials);
    return plainAuthUrl(url) ?? url;
  }

  /** The same account in each region that is known, this one first: projects and users are the same in all of them. */
  get regions(): readonly [Session, ...Session[]] {
    return [this, ...this.#otherRegions];
  }

  /** How many sessions of other projects are kept. */
  get projectsKept(): number {
    return this.#projects.kept?.size ?? 0;
  }

  /**
   * The same user in another project, over the same connections; the same session for the same project, as long as it is
   * in use. Its login fails where the user has no role in the project.
   *
   * @throws {ServiceError} an application credential is bound to its project
   */
  forProject(id: ProjectId): Session {
    const projects = (this.#projects.kept ??= newProjects(this.clock));
    let session = projects.get(id);
    if (!session) {
      const credentials = scopedTo(this.#credentials, id);
      if (!credentials) {
        throw new ServiceError(`An application credential cannot be used in another project (${id}).`, {
          severity: 'terminal',
          hint: 'Use a user and password, or give the credential the role admin.',
        });
      }
      session = new Session({ ...this.#http, ...this.#place, credentials }, this);
      projects.purgeStale();
      projects.set(id, session);
    }
    return session;
  }

  /**
   * Whether Keystone accepts this password of a user; false for a user who is disabled or whose password has
   * expired.
   *
   * @throws {OpenStackError} Keystone cannot answer
   */
  async opens(userId: UserId, password: Secret): Promise<boolean> {
    return opensAccount(this.#client('identity'), this.#credentials, { userId, password });
  }

  /** Ends all requests and connections, of the sessions of other projects and regions too. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all([...this.#clients.values(), ...this.#otherRegions].map((each) => each.close()));
  }

  async #send(
    service: ServiceType,
    request: Omit<SessionRequest, 'path'>,
    urlFor: (token: Token) => string,
  ): Promise<HttpResponse> {
    const send = async (token: Token) => {
      try {
        const headers = { ...request.headers, 'x-auth-token': token.text.reveal() };
        return await this.#client(service).request({ ...request, url: urlFor(token), headers });
      } catch (error) {
        if (error instanceof CatalogError) this.#doubtCatalog(token);
        throw error;
      }
    };
    const response = await this.#tokens.send(send, request.signal);
    if (response.status < 300 || request.accept?.includes(response.status)) return response;
    throw openStackError(response);
  }

  /** The catalog came with the token: it may have been had at a bad moment, so the next request asks for both again. */
  #doubtCatalog(token: Token): void {
    if (this.clock.now() - this.#signedInAt >= catalogDoubtMs) this.#tokens.forget(token);
  }

  async #signIn(): Promise<Held<Token>> {
    const ahead = await this.#ahead?.finally(() => (this.#ahead = undefined));
    return ahead && this.clock.now() < ahead.renewAt ? ahead : this.#login();
  }

  async #login(): Promise<Held<Token>> {
    const now = () => this.clock.now();
    const token = await login(this.#client('identity'), this.#credentials, {
      now,
      refusal: this.#refusal,
      signal: this.#closing.signal,
    });
    this.#signedInAt = now();
    return { token, renewAt: renewalTime(now(), token.expiresAt - now()) };
  }

  #endpoint(service: ServiceType, token: Token) {
    return findEndpoint(token.catalog, {
      service,
      interface: this.#place.interface ?? 'public',
      region: this.#place.region,
      projectId: token.projectId,
    });
  }

  #client(service: ServiceType): HttpClient {
    this.#closing.signal.throwIfAborted();
    let client = this.#clients.get(service);
    if (!client) {
      client = new HttpClient({ ...this.#http, service: services[service].name });
      this.#clients.set(service, client);
    }
    return client;
  }
}

function newProjects(clock: Clock): LRUCache<ProjectId, Session> {
  return new LRUCache({
    max: mostProjects,
    ttl: forgottenAfterMs,
    updateAgeOnGet: true,
    ttlResolution: 0,
    perf: clock,
  });
}

function queryText(query: SessionRequest['query']): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value === undefined) continue;
    for (const each of [value].flat()) params.append(name, String(each));
  }
  const text = params.toString();
  return text === '' ? '' : `?${text}`;
}
