import { Writable } from 'node:stream';
import { ApiServer, type ApiServerOptions } from '../../src/api/api-server.ts';
import { AccountClosings } from '../../src/billing/account-closings.ts';
import { NoPlatform } from '../../src/billing/none.ts';
import { createLogger } from '../../src/observability/logger.ts';
import type { Credentials } from '../../src/openstack/credentials.ts';
import type { Reference } from '../../src/openstack/model.ts';
import { Session } from '../../src/openstack/session.ts';
import { AuthUrls, type CloudPlace } from '../../src/operations/auth-urls.ts';
import { CloudSessions } from '../../src/operations/cloud-sessions.ts';
import { DepartingProjects } from '../../src/operations/departing-projects.ts';
import { OwnCloud } from '../../src/operations/own-cloud.ts';
import { Repeats } from '../../src/operations/repeats.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { Secret } from '../../src/runtime/secret.ts';

export interface RunningApiOptions extends Partial<Omit<ApiServerOptions, 'sessions' | 'repeats'>> {
  /** Where credentials may be sent. */
  readonly authUrls: readonly string[];
  readonly session?: CloudPlace['session'];
  /** Instead of those of `authUrls`. */
  readonly places?: readonly CloudPlace[];
  readonly patienceMs?: number;
  /** The service's own account; default: nobody's. */
  readonly credentials?: Credentials;
}

function nobody(authUrl = 'http://127.0.0.1:1'): Credentials {
  const [user, project] = [{ id: 'nobody' }, { id: 'nowhere' }];
  return { kind: 'password', authUrl, user, password: new Secret('none'), project };
}

/** The API server over real HTTP, with all that it logs and asks to be reconciled. */
export interface RunningApi extends AsyncDisposable {
  readonly url: string;
  readonly sessions: CloudSessions;
  readonly reconciled: Reference[];
  /** All lines of the log, at the level `debug`. */
  readonly printed: string[];
  /** The answer of one request, its JSON parsed. */
  readonly send: (
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ) => Promise<ApiAnswer>;
}

export interface ApiAnswer {
  readonly status: number;
  readonly headers: Headers;
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into bodies of every shape
  readonly body: any;
}

export async function startApi(options: RunningApiOptions): Promise<RunningApi> {
  const { authUrls, session, patienceMs, credentials, ...rest } = options;
  const clock = options.clock ?? systemClock;
  const billing = options.billing ?? new NoPlatform({ dataDir: undefined, freeCredits: 1_000_000 });
  const printed: string[] = [];
  const output = new Writable({
    write(line, _, done) {
      printed.push(String(line));
      done();
    },
  });
  const reconciled: Reference[] = [];
  const places = options.places ?? authUrls.map((authUrl) => ({ authUrl, session: { ...session } }));
  const sessions = new CloudSessions({ authUrls: new AuthUrls(places), clock });
  const own = new Session({ credentials: credentials ?? nobody(authUrls[0]), ...session });
  const server = new ApiServer({
    host: '127.0.0.1',
    port: 0,
    sessions,
    ownCloud: new OwnCloud(own),
    repeats: new Repeats({ clock, ...(patienceMs === undefined ? {} : { patienceMs }) }),
    billing,
    closings: new AccountClosings({ billing, dataDir: undefined, clock }),
    departing: new DepartingProjects({ dataDir: undefined, clock }),
    teamRoles: { admin: ['member'], member: ['reader'] },
    requestReconcile: (references) => void reconciled.push(...references),
    followsChanges: false,
    clouds: ['cloud'],
    pingCloud: async () => {},
    isRated: false,
    jwt: { kind: 'off' },
    tls: undefined,
    clock,
    log: createLogger({ level: 'debug', format: 'json', output }),
    ...rest,
  });
  const stop = new AbortController();
  const listening = Promise.withResolvers<string>();
  const stopped = server.run(stop.signal, listening.resolve);
  stopped.catch(listening.reject);
  const url = await listening.promise;
  return {
    url,
    sessions,
    reconciled,
    printed,
    send: (method, path, body, headers) => send(url, { method, path, body, headers: headers ?? {} }),
    async [Symbol.asyncDispose]() {
      stop.abort();
      await stopped;
      await own.close();
    },
  };
}

/** By undici, because fetch refuses a GET with a body. */
async function send(
  url: string,
  {
    method,
    path,
    body,
    headers,
  }: { method: string; path: string; body: unknown; headers: Record<string, string> },
): Promise<ApiAnswer> {
  const { request } = await import('undici');
  const answer = await request(url + path, {
    method,
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    body: body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body),
  });
  const text = await answer.body.text();
  const type = String(answer.headers['content-type'] ?? '');
  return {
    status: answer.statusCode,
    headers: new Headers(Object.entries(answer.headers).map(([name, value]) => [name, String(value)])),
    body: type.startsWith('application/json') ? JSON.parse(text) : text,
  };
}
