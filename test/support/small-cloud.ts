import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Session, type SessionOptions } from '../../src/openstack/session.ts';
import { type Clock, isoTime, systemClock } from '../../src/runtime/clock.ts';
import { Secret } from '../../src/runtime/secret.ts';
import { Faults } from '../../src/sandbox/faults.ts';
import { HttpService } from '../../src/sandbox/http-service.ts';

export const password = 'pa55w0rd-canary';

export interface SmallCloudOptions {
  readonly clock?: Clock;
  /** How far Keystone's clock is ahead of ours, ms. */
  readonly ahead?: number;
  readonly lifetimeMs?: number;
  /** Whether the user has a role in the project. Default: in every one. */
  readonly isMember?: (projectId: string) => boolean;
  /** Whether the catalog has a Cinder. Default: it has none. */
  readonly hasCinder?: boolean;
  /**
   * Further services: below /compute, /orchestration and so on, as the catalog has them. `projectOf` tells for which
   * project a request's token is.
   */
  readonly routes?: (
    app: FastifyInstance,
    projectOf: (request: FastifyRequest) => string | undefined,
  ) => void;
}

interface SignIn {
  readonly auth: {
    readonly identity?: { readonly password?: { readonly user: { readonly password: string } } };
    readonly scope?: { readonly project: { readonly id?: string; readonly name?: string } };
    readonly passwordCredentials?: { readonly password: string };
    readonly tenantName?: string;
    readonly tenantId?: string;
  };
}

/** A Keystone (v3 and v2.0) over real HTTP, and beside it the services that a test adds. */
export class SmallCloud {
  /** The bodies of all logins, refused ones too. */
  readonly logins: unknown[] = [];
  /** Tokens that are taken at present, with their project. */
  readonly tokens = new Map<string, string>();
  readonly faults: Faults;
  readonly #http: HttpService;
  readonly #sessions: Session[] = [];

  private constructor(http: HttpService, faults: Faults) {
    this.#http = http;
    this.faults = faults;
  }

  static async start(options: SmallCloudOptions = {}): Promise<SmallCloud> {
    const faults = new Faults();
    const found: { cloud?: SmallCloud } = {};
    const projectOf = ({ headers }: FastifyRequest) =>
      found.cloud?.tokens.get(String(headers['x-auth-token']));
    const http = await HttpService.start({
      name: 'cloud',
      faults,
      routes: (app) => {
        app.addHook('onRequest', async (request, reply) => {
          if (request.url.startsWith('/identity/')) return;
          if (projectOf(request) === undefined) await unauthorized(reply);
        });
        app.post('/identity/:version/*', (request, reply) =>
          found.cloud?.signIn(request.body as SignIn, reply, options),
        );
        options.routes?.(app, projectOf);
      },
    });
    found.cloud = new SmallCloud(http, faults);
    return found.cloud;
  }

  get url(): string {
    return this.#http.url;
  }

  /** Method, path and query of every request but logins. */
  get seen(): string[] {
    return this.#http.seen
      .filter(({ url }) => !url.startsWith('/identity/'))
      .map(({ method, url }) => `${method} ${url}`);
  }

  forget(): void {
    this.#http.forget();
    this.logins.length = 0;
  }

  /** A session that tries each request once; closed with the cloud. */
  session(options: Partial<SessionOptions> = {}): Session {
    const session = new Session({
      credentials: {
        kind: 'password',
        authUrl: `${this.url}/identity`,
        user: { name: 'concertim', domain: { name: 'Default' } },
        password: new Secret(password),
        project: { name: 'admin', domain: { name: 'Default' } },
      },
      retry: { tries: 1, baseMs: 0, maxMs: 0, longestRetryAfterMs: 0 },
      ...options,
    });
    this.#sessions.push(session);
    return session;
  }

  signIn(body: SignIn, reply: FastifyReply, options: SmallCloudOptions): FastifyReply {
    this.logins.push(body);
    const { auth } = body;
    const v2 = auth.passwordCredentials !== undefined;
    const given = auth.passwordCredentials?.password ?? auth.identity?.password?.user.password;
    const project = v2 ? { id: auth.tenantId, name: auth.tenantName } : auth.scope?.project;
    const projectId = project?.id ?? project?.name ?? 'bound';
    const known = given === undefined || given === password;
    if (!known || options.isMember?.(projectId) === false) return unauthorized(reply);

    const now = (options.clock ?? systemClock).now() + (options.ahead ?? 0);
    const text = `token-${this.logins.length}`;
    this.tokens.set(text, projectId);
    const times = { issued_at: isoTime(now), ends: isoTime(now + (options.lifetimeMs ?? 3_600_000)) };
    const catalog = this.#catalog(projectId);
    // As most deployments have it; the path is Cinder's.
    const cinder = { type: 'volumev3', url: `${this.url}/block-storage/v3/${projectId}` };
    if (options.hasCinder) catalog.push(cinder);
    if (v2) {
      return reply.send({
        access: {
          token: {
            id: text,
            issued_at: times.issued_at,
            expires: times.ends,
            tenant: { id: projectId, name: projectId },
          },
          user: { id: 'u1', name: 'concertim', roles: [{ name: 'admin' }] },
          serviceCatalog: catalog.map(({ type, url }) => ({
            type,
            endpoints: [{ region: 'RegionOne', publicURL: url }],
          })),
        },
      });
    }
    return reply
      .code(201)
      .header('x-subject-token', text)
      .send({
        token: {
          issued_at: times.issued_at,
          expires_at: times.ends,
          user: { id: 'u1', name: 'concertim', domain: { id: 'default', name: 'Default' } },
          project: { id: projectId, name: projectId, domain: { id: 'default', name: 'Default' } },
          roles: [{ id: 'r1', name: 'admin' }],
          catalog: catalog.map(({ type, url }) => ({
            type,
            endpoints: [{ interface: 'public', region: 'RegionOne', region_id: 'RegionOne', url }],
          })),
        },
      });
  }

  #catalog(projectId: string): { type: string; url: string }[] {
    return [
      { type: 'identity', url: `${this.url}/identity` },
      { type: 'compute', url: `${this.url}/compute/v2.1/` },
      { type: 'orchestration', url: `${this.url}/orchestration/v1/${projectId}` },
      { type: 'metric', url: `${this.url}/metric` },
      { type: 'network', url: `${this.url}/network` },
    ];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#sessions.map((session) => session.close()));
    await this.#http.close();
  }
}

function unauthorized(reply: FastifyReply): FastifyReply {
  const message = 'The request you have made requires authentication.';
  return reply.code(401).send({ error: { code: 401, message, title: 'Unauthorized' } });
}
