/** Metric (Gnocchi) v1: resources, archive policies and measures in bulk. */
import { parseBody, parseRows } from '../http/body.ts';
import type { HttpResponse } from '../http/client.ts';
import { BodyError } from '../http/errors.ts';
import { ListBody } from '../http/list-body.ts';
import type { ListOptions } from '../http/list-options.ts';
import { PageCount } from '../http/page-count.ts';
import { isoTime } from '../runtime/clock.ts';
import { assertNotFound, openStackError } from './errors.ts';
import type { ProjectId } from './model.ts';
import { parseUnderstood } from './row.ts';
import type { Session } from './session.ts';
import * as wire from './wire/metric.ts';

/** Gnocchi's id of a metric: one name of one resource. */
export type MetricId = string;
/** Of an instance Nova's id; of a network interface or a disk one that Gnocchi made of its name. */
export type ResourceId = string;

/** Gnocchi's kinds of resources that are read. */
export type ResourceType = 'instance' | 'instance_network_interface' | 'instance_disk';

/** Something that is measured and has not ended. */
export interface Resource {
  readonly id: ResourceId;
  readonly projectId: ProjectId | null;
  /** A {@link ResourceType}, or any other type in a search for `generic`. */
  readonly type: string;
  /** The instance it is or belongs to. */
  readonly instanceId: string;
  /** Nova's id of an instance's flavor; null for any other resource. */
  readonly flavorId: string | null;
  /** Ids by name, such as `cpu`. */
  readonly metrics: Readonly<Record<string, MetricId>>;
}

/** How a metric's measures are kept. */
export interface ArchivePolicy {
  readonly name: string;
  /** Such as `mean` and `rate:mean`. */
  readonly methods: readonly string[];
  /** Finest first. */
  readonly grains: readonly Grain[];
}

/** A grain's length, and how far back there are such; both in seconds, the span `Infinity` when it has no end. */
export interface Grain {
  readonly seconds: number;
  readonly timespan: number;
}

/** What was measured in one grain. */
export interface Point {
  /** Start of the grain, ms since 1970. */
  readonly at: number;
  readonly value: number;
}

/** Points in the order of time, by resource and metric name. A name is missing where the resource has no such metric. */
export type Measures = ReadonlyMap<ResourceId, ReadonlyMap<string, readonly Point[]>>;

/** Gnocchi refuses the whole request because of some of the metrics in it. */
export interface Refusal {
  /** Gnocchi's own words. */
  readonly reason: string;
  /** The metrics at fault, as far as it names them by id. */
  readonly culprits: readonly MetricId[];
}

/** What a bulk query came to. */
export type Aggregates =
  | { readonly kind: 'measures'; readonly measures: Measures }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

/** What is kept of each grain: the mean of a counter is the counter at the middle of its samples. */
export const method = 'mean';

/** Gnocchi's own `[api] max_limit`. */
const pageSize = 1000;

/** The archive policies that can be parsed. */
export async function listArchivePolicies(
  session: Session,
  { signal }: ListOptions = {},
): Promise<ArchivePolicy[]> {
  const path = '/archive_policy';
  const response = await session.request('metric', { method: 'GET', path, route: path, signal });
  return parseUnderstood(response, { row: wire.ArchivePolicy }).map(toArchivePolicy);
}

/** What an archive policy is made from. */
export interface ArchivePolicyDraft {
  readonly name: string;
  readonly methods: readonly string[];
  /** In seconds: a grain's length, and for how long grains are kept. */
  readonly grains: readonly Grain[];
}

/** @throws {OpenStackError} 409: there is one of that name */
export async function createArchivePolicy(session: Session, draft: ArchivePolicyDraft): Promise<void> {
  const path = '/archive_policy';
  await session.request('metric', {
    method: 'POST',
    path,
    route: path,
    body: {
      name: draft.name,
      aggregation_methods: draft.methods,
      definition: draft.grains.map(({ seconds, timespan }) => ({ granularity: seconds, timespan })),
    },
  });
}

/** The archive policy of a metric; undefined when there is no such metric any more. */
export async function findArchivePolicyOf(
  session: Session,
  id: MetricId,
  signal?: AbortSignal,
): Promise<ArchivePolicy | undefined> {
  const path = `/metric/${encodeURIComponent(id)}`;
  const response = await session.request('metric', {
    method: 'GET',
    path,
    route: '/metric/{id}',
    accept: [404],
    signal,
  });
  if (response.status !== 404) return toArchivePolicy(parseBody(response, wire.MetricBody).archive_policy);
  assertNotFound(response);
  return undefined;
}

/** The metrics of that name whose measures are kept by that archive policy, those of ended resources included. */
export async function listMetricsOfPolicy(
  session: Session,
  { policy, name, signal }: ListOptions & { readonly policy: string; readonly name: string },
): Promise<MetricId[]> {
  const path = '/metric';
  const ids = new Set<MetricId>();
  const pages = new PageCount(session.clock);
  let marker: string | undefined;
  for (;;) {
    const query = { archive_policy_name: policy, name, limit: pageSize, marker };
    const response = await session.request('metric', { method: 'GET', path, route: path, query, signal });
    const rows = parseRows(response, { row: wire.MetricId });
    for (const { id } of rows) ids.add(id);
    marker = nextMarker(response, rows, marker);
    if (marker === undefined) return [...ids];
    pages.turn(response, ids.size);
  }
}

/**
 * The resources of that type that have not ended, from all pages; `generic` is any type, without instance and
 * flavor. A resource that is on two pages, because the list shifted, is returned once.
 *
 * @param wanted `metrics`: names of the metrics to return, by default all (Ceilometer has some twenty of an
 * instance); `revisedSince` (ms since 1970): only resources that were created or changed since then by
 * Gnocchi's clock
 */
export async function searchResources(
  session: Session,
  type: ResourceType | 'generic',
  wanted: ({ readonly projects: readonly ProjectId[] } | { readonly instanceId: string }) & {
    readonly metrics?: readonly string[];
    readonly revisedSince?: number;
  },
  signal?: AbortSignal,
): Promise<Resource[]> {
  const condition =
    'projects' in wanted
      ? { in: { project_id: wanted.projects } }
      : { '=': { [type === 'instance' ? 'id' : 'instance_id']: wanted.instanceId } };
  const revised =
    wanted.revisedSince === undefined ? [] : [{ '>=': { revision_start: isoTime(wanted.revisedSince) } }];
  const into = new ListBody({ row: wire.Resource.transform((row) => toResource(row, wanted.metrics)) });
  const resources = new Map<ResourceId, Resource>();
  const pages = new PageCount(session.clock);
  let marker: string | undefined;
  for (;;) {
    const response = await session.request('metric', {
      method: 'POST',
      path: `/search/resource/${type}`,
      route: '/search/resource/{type}',
      query: { limit: pageSize, marker },
      body: { and: [{ '=': { ended_at: null } }, condition, ...revised] },
      idempotent: true,
      into,
      signal,
    });
    const rows = into.rowsOf(response);
    for (const row of rows) resources.set(row.id, row);
    marker = nextMarker(response, rows, marker);
    if (marker === undefined) return [...resources.values()];
    pages.turn(response, resources.size);
  }
}

function toResource(
  {
    id,
    type,
    project_id: projectId,
    instance_id: instanceId = id,
    flavor_id: flavorId,
    metrics,
  }: wire.Resource,
  names: readonly string[] | undefined,
): Resource {
  const wanted = Object.entries(metrics).filter(([name]) => names?.includes(name) ?? true);
  return {
    id,
    type,
    projectId: projectId as ProjectId | null,
    instanceId,
    flavorId: flavorId ?? null,
    metrics: Object.fromEntries(wanted),
  };
}

/** Where the next page begins; undefined behind the last one. */
function nextMarker(
  response: HttpResponse,
  rows: readonly { readonly id: string }[],
  marker: string | undefined,
): string | undefined {
  const last = rows.at(-1)?.id;
  if (last === undefined || !response.headers['link']?.includes('rel="next"')) return undefined;
  if (last === marker) throw new BodyError(response, 'a next page that was read already');
  return last;
}

/**
 * The measures of several metrics of many resources in one request, from the grain on that `since` is in. A metric
 * without that granularity or without means has the whole request refused; that is an answer, not an error.
 */
export async function aggregateMeasures(
  session: Session,
  wanted: {
    readonly type: ResourceType;
    readonly ids: readonly ResourceId[];
    readonly names: readonly string[];
    readonly granularity: number;
    /** ms since 1970. */
    readonly since: number;
  },
  signal?: AbortSignal,
): Promise<Aggregates> {
  const response = await aggregates(
    session,
    wanted,
    {
      resource_type: wanted.type,
      search: { in: { id: wanted.ids } },
      operations: ['metric', ...wanted.names.map((name) => [name, method])],
    },
    signal,
  );
  const refusal = refusalOf(response);
  if (refusal === 'nothing found') return { kind: 'measures', measures: new Map() };
  if (refusal) return { kind: 'refused', refusal };
  const measures = new Map<ResourceId, Map<string, readonly Point[]>>();
  for (const group of parseBody(withoutNaN(response), wire.AggregatesBody)) {
    for (const [id, series] of Object.entries(group)) {
      const byName = new Map<string, readonly Point[]>();
      for (const [name, { [method]: points }] of Object.entries(series)) if (points) byName.set(name, points);
      measures.set(id, byName);
    }
  }
  return { kind: 'measures', measures };
}

/**
 * The metrics that Gnocchi refuses to read in this granularity. To a query by id one answer names all that
 * lack it, which an answer to a query by resource does not; of metrics that keep no mean it names only one.
 */
export async function findRefusedMetrics(
  session: Session,
  wanted: { readonly ids: readonly MetricId[]; readonly granularity: number; readonly since: number },
  signal?: AbortSignal,
): Promise<readonly MetricId[]> {
  const operations = ['metric', ...wanted.ids.map((id) => [id, method])];
  const refusal = refusalOf(await aggregates(session, wanted, { operations }, signal));
  return refusal === undefined || refusal === 'nothing found' ? [] : refusal.culprits;
}

async function aggregates(
  session: Session,
  { granularity, since }: { granularity: number; since: number },
  body: unknown,
  signal: AbortSignal | undefined,
): Promise<HttpResponse> {
  const path = '/aggregates';
  return session.request('metric', {
    method: 'POST',
    path,
    route: path,
    query: { granularity, start: isoTime(since) },
    body,
    idempotent: true,
    accept: [400, 404],
    signal,
  });
}

/** undefined for an answer with measures. A 404 of a proxy, which is not Gnocchi's own word, is an error. */
function refusalOf(response: HttpResponse): Refusal | 'nothing found' | undefined {
  if (response.status < 300) return undefined;
  const parsed = wire.AggregatesRefusal.safeParse(jsonOf(response));
  if (!parsed.success) throw openStackError(response);
  const { cause, reason, detail } = parsed.data.description;
  // Gnocchi's words for a search that matches no metric: https://github.com/gnocchixyz/gnocchi, indexer NoSuchMetric.
  if (cause === 'Metrics not found') return 'nothing found';
  if (!refusals.has(cause)) throw openStackError(response);
  return { reason: reason === undefined ? cause : `${cause}: ${reason}`, culprits: metricIdsIn(detail) };
}

/** Refusals about single requested metrics; any other is about the request itself. */
const refusals = new Set([
  'Metrics with unknown aggregation',
  "Metrics can't being aggregated",
  'Unknown metrics',
]);

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** `detail` is a list of ids, or of lists that begin with one; by resource they begin with a name instead. */
function metricIdsIn(detail: unknown): MetricId[] {
  if (!Array.isArray(detail)) return [];
  const first = detail.map((item: unknown): unknown => (Array.isArray(item) ? item[0] : item));
  return first.filter((id): id is MetricId => typeof id === 'string' && uuid.test(id));
}

/** Python writes numbers that are not finite as `NaN` or `Infinity`, which is not valid JSON. */
function withoutNaN(response: HttpResponse): HttpResponse {
  if (!/\b(?:NaN|Infinity)\b/.test(response.text)) return response;
  return { ...response, text: response.text.replaceAll(/-?\b(?:NaN|Infinity)\b/g, 'null') };
}

function jsonOf({ text }: HttpResponse): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function toArchivePolicy({
  name,
  aggregation_methods: methods,
  definition,
}: wire.ArchivePolicy): ArchivePolicy {
  const grains = definition.map(({ granularity, timespan }) => ({
    seconds: granularity,
    timespan: timespan ?? Number.POSITIVE_INFINITY,
  }));
  return { name, methods, grains: grains.sort((a, b) => a.seconds - b.seconds) };
}
