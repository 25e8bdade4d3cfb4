import { isObject } from '../../src/runtime/is-object.ts';
import type { FaultKind, StruckExchange } from '../../src/sandbox/faults.ts';
import type { HttpService } from '../../src/sandbox/http-service.ts';
import type { ServiceName } from '../../src/sandbox/sandbox.ts';
import type { SandboxCloud } from '../../src/sandbox/sandbox-cloud.ts';
import type { FaultName, HttpSystem } from './matrix.ts';

/** Which exchanges of the sandbox are a system's. */
const aims: Readonly<Record<HttpSystem, { readonly service: ServiceName; readonly path?: RegExp }>> = {
  Keystone: { service: 'keystone' },
  Nova: { service: 'nova' },
  Heat: { service: 'heat' },
  Cinder: { service: 'cinder' },
  Neutron: { service: 'neutron' },
  Gnocchi: { service: 'gnocchi' },
  Concertim: { service: 'concertim', path: /^(?!\/mrd\/)/ },
  'metric daemon': { service: 'concertim', path: /^\/mrd\// },
};

/** Where it goes wrong: a sandbox, or one of its clouds. */
export interface Place extends Pick<SandboxCloud, 'cloud' | 'faults'> {
  readonly services: Readonly<Partial<Record<ServiceName, HttpService>>>;
}

/** Something that goes wrong with one system. */
export interface Trouble {
  readonly fault: FaultName;
  readonly system: HttpSystem;
  /** Exchanges that are hit, where connections are made at all. Default: all. */
  readonly times?: number;
}

/** Has a fault hit the exchanges with a system from now on. @returns what ends it */
export async function inflict(
  place: Place,
  { fault, system, times }: Trouble,
  memory: ListMemory,
): Promise<() => Promise<void>> {
  const aim = { ...aims[system], ...(times !== undefined && { times }) };
  if (fault === 'connection refused') return mustListen(place, aims[system].service).refuse();
  if (fault === 'a cell down') {
    const { compute } = place.cloud;
    // No time passes here during a request; test/scenarios/cell-down.test.ts covers how long Nova waits for a
    // cell.
    const restore = compute.takeCellDown({ hosts: new Set(compute.hosts.slice(0, 4)), waitMs: 0 });
    return async () => restore();
  }
  if (fault === 'others hidden') return hideOthers(place, aim, system);
  const undo = place.faults.add({ ...kindOf(fault, system, memory), ...aim });
  return async () => undo();
}

function mustListen({ services }: Place, name: ServiceName): HttpService {
  const service = services[name];
  if (!service) throw new Error(`there is no ${name} to fail`);
  return service;
}

/**
 * What Cinder and Neutron do to an account that has lost its role: without an error, other projects' objects
 * are missing from lists and not found by id.
 */
function hideOthers(place: Place, aim: (typeof aims)[HttpSystem], system: HttpSystem): () => Promise<void> {
  const undo = [
    place.faults.add({
      ...aim,
      ...refusal(404, system),
      method: 'GET',
      path: /\/(volumes|networks)\/[0-9a-f-]{32,}(\?|$)/,
    }),
    place.faults.add({ ...aim, kind: 'rewrite', rewrite: (body) => withLists(body, visibleToAll) }),
  ];
  return async () => {
    for (const end of undo) end();
  };
}

function visibleToAll(list: readonly unknown[]): readonly unknown[] {
  return list.filter((row) => isObject(row) && (row['shared'] === true || row['router:external'] === true));
}

/** What each list was when it was first asked for: what a cache would still give. */
export class ListMemory {
  readonly #first = new Map<string, unknown>();

  /** Begins to remember a system's answers; the returned function ends that. */
  watch(place: Place, system: HttpSystem): () => void {
    return place.faults.add({
      ...aims[system],
      kind: 'rewrite',
      rewrite: (body, exchange) => {
        this.#note(body, exchange);
        return body;
      },
    });
  }

  recall(body: unknown, exchange: StruckExchange): unknown {
    this.#note(body, exchange);
    return hasList(body) ? this.#first.get(keyOf(exchange)) : body;
  }

  #note(body: unknown, exchange: StruckExchange): void {
    const key = keyOf(exchange);
    if (!this.#first.has(key)) this.#first.set(key, structuredClone(body));
  }
}

const keyOf = ({ method, url }: StruckExchange) => `${method} ${url}`;

function kindOf(
  fault: Exclude<FaultName, 'connection refused' | 'a cell down' | 'others hidden'>,
  system: HttpSystem,
  memory: ListMemory,
): FaultKind {
  switch (fault) {
    case 'reset before it was carried out':
      return { kind: 'reset-before' };
    case 'reset after it was carried out':
      return { kind: 'reset-after' };
    case 'time-out':
      return { kind: 'stall' };
    case '401':
    case '403':
    case '404':
    case '409':
    case '500':
    case '503':
      return refusal(Number(fault), system);
    case '429 with Retry-After':
      return { ...refusal(429, system), headers: { 'content-type': 'application/json', 'retry-after': '7' } };
    case '502 with HTML':
      return { kind: 'answer', status: 502 };
    case 'truncated JSON':
      return { kind: 'shorten' };
    case 'wrong types':
      return { kind: 'rewrite', rewrite: withWrongTypes };
    case 'empty list':
      return { kind: 'rewrite', rewrite: (body) => withLists(body, () => []) };
    case 'half a list':
      return {
        kind: 'rewrite',
        rewrite: (body) => withLists(body, (list) => list.slice(0, list.length / 2)),
      };
    case 'duplicate entries':
      return { kind: 'rewrite', rewrite: (body) => withLists(body, (list) => [...list, ...list]) };
    case 'stale list':
      return { kind: 'rewrite', rewrite: (body, exchange) => memory.recall(body, exchange) };
    case 'slow loris':
      return { kind: 'trickle', bytes: 1, everyMs: 1_000 };
    case 'endless pages':
      return { kind: 'rewrite', rewrite: withNextPage };
    case 'huge message':
      throw new Error(`"${fault}" has no meaning for ${system}`);
    default:
      return fault satisfies never;
  }
}

/** Every page links to a next one, and only the first has rows. */
function withNextPage(body: unknown, { url }: StruckExchange): unknown {
  const field = ['servers', 'flavors', 'stacks', 'volumes', 'networks', 'ports'].find(
    (name) => isObject(body) && Array.isArray(body[name]),
  );
  if (field === undefined || !isObject(body)) return body;
  const { pathname, searchParams } = new URL(url, 'http://unused');
  const page = Number(searchParams.get('endless') ?? 0) + 1;
  const links = [{ rel: 'next', href: `http://unused${pathname}?endless=${page}` }];
  const rows = page === 1 ? body[field] : [];
  return { ...body, [field]: rows, [field === 'stacks' ? 'links' : `${field}_links`]: links };
}

/** In the system's own words, so that it is not taken for a proxy's. */
function refusal(code: number, system: HttpSystem): Extract<FaultKind, { kind: 'answer' }> {
  const message = 'The matrix says so.';
  const bodies: Record<HttpSystem, unknown> = {
    Keystone: { error: { code, message, title: 'Refused' } },
    Nova: { [code === 404 ? 'itemNotFound' : 'computeFault']: { code, message } },
    Heat: {
      code,
      title: 'Refused',
      explanation: message,
      error: { type: code === 404 ? 'EntityNotFound' : 'HTTPError', message },
    },
    Cinder: { [code === 404 ? 'itemNotFound' : 'computeFault']: { code, message } },
    Neutron: { NeutronError: { type: code === 404 ? 'NotFound' : 'Refused', message, detail: '' } },
    Gnocchi: { code, title: 'Refused', description: { cause: 'Refused', detail: {} } },
    Concertim: { status: code, title: 'Refused', description: message },
    'metric daemon': { errors: [{ title: 'Refused', detail: message }], status: code },
  };
  return {
    kind: 'answer',
    status: code,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(bodies[system]),
  };
}

/** The catalog is in the token; Gnocchi's measures hang at the ends of a tree. Everywhere else a list is the body, or a field. */
function withLists(
  body: unknown,
  change: (list: readonly unknown[]) => readonly unknown[],
  depth = 0,
): unknown {
  if (Array.isArray(body)) return change(body);
  if (!isObject(body) || depth > 4) return body;
  const isMember = depth === 1 && !('catalog' in body) && !('token' in body);
  const deeper = ['token', 'measures'];
  return Object.fromEntries(
    Object.entries(body).map(([name, value]) => {
      if (Array.isArray(value)) return [name, isMember ? value : change(value)];
      return [name, deeper.includes(name) || depth > 0 ? withLists(value, change, depth + 1) : value];
    }),
  );
}

function hasList(body: unknown): boolean {
  let found = false;
  withLists(body, (list) => {
    found = true;
    return list;
  });
  return found;
}

/** All but the ids, by which one knows that there is something. */
function withWrongTypes(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withWrongTypes);
  if (isObject(value)) {
    const isNamed = (name: string) => name === 'id' || Array.isArray(value[name]) || isObject(value[name]);
    return Object.fromEntries(
      Object.entries(value).map(([name, field]) => [
        name,
        name === 'id' ? field : isNamed(name) ? withWrongTypes(field) : wrong(field),
      ]),
    );
  }
  return wrong(value);
}

function wrong(value: unknown): unknown {
  return typeof value === 'string' ? { was: 'a text' } : 'neither a number nor a flag';
}
