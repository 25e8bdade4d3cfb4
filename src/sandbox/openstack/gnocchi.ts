import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { isoTime } from '../../runtime/clock.ts';
import type { Call } from './call.ts';
import { aggregate, type Reference } from './gnocchi-aggregates.ts';
import { GnocchiRefusal } from './gnocchi-refusal.ts';
import { attributesOf, compileSearch } from './gnocchi-search.ts';
import type { ArchivePolicy, Metric, Resource, ResourceType, Telemetry } from './gnocchi-telemetry.ts';
import { notInSandbox, titles } from './refusal.ts';
import { type Answer, addManners, type Site, withToken } from './service.ts';
import { parseUtc } from './times.ts';

/** Gnocchi's own `[api] max_limit`. */
const maxLimit = 1000;

/** Metric (Gnocchi) v1, as far as measures are read. */
export function addGnocchi(app: FastifyInstance, site: Site): void {
  const { telemetry } = site;
  addManners(app, site.cloud, {
    requestIdHeaders: [],
    refusalBody: (refusal) =>
      refusal.status === 401
        ? { error: { code: 401, title: titles[401], message: refusal.message } }
        : {
            code: refusal.status,
            title: titles[refusal.status],
            description: refusal instanceof GnocchiRefusal ? refusal.description : refusal.message,
          },
    noSuchRoute: {
      type: 'application/json',
      body: JSON.stringify({
        code: 404,
        description: 'The resource could not be found.',
        title: 'Not Found',
      }),
    },
  });
  const route = (method: 'GET' | 'POST', url: string, answer: Answer) =>
    app.route({ method, url, handler: withToken(site, answer) });

  route('GET', '/v1/archive_policy', () => JSON.stringify([...telemetry.policies.values()].map(policyBody)));
  route('POST', '/v1/archive_policy', (call) => {
    if (!call.isAdmin) throw new GnocchiRefusal(403, 'Forbidden');
    const { name, aggregation_methods: methods, definition } = ArchivePolicyDraft.parse(call.body);
    if (telemetry.policies.has(name)) {
      throw new GnocchiRefusal(409, `Archive policy ${name} already exists`);
    }
    const policy = {
      name,
      backWindow: 0,
      methods,
      definition: definition.map(({ granularity, timespan: span }) => ({
        granularity,
        points: Math.floor(span / granularity),
      })),
    };
    telemetry.policies.set(name, policy);
    call.reply.code(201);
    return JSON.stringify(policyBody(policy));
  });
  route('GET', '/v1/archive_policy/:name', (call) => {
    const name = call.parameter('name');
    const policy = telemetry.policies.get(name);
    if (!policy) throw new GnocchiRefusal(404, `Archive policy ${name} does not exist`);
    return JSON.stringify(policyBody(policy));
  });

  route('GET', '/v1/metric', (call) => {
    const wanted = (filter: string, value: string) => (call.query.get(filter) ?? value) === value;
    const found = [...telemetry.metrics()].filter(
      (metric) =>
        isVisible(call, metric.resource) &&
        wanted('name', metric.name) &&
        wanted('archive_policy_name', telemetry.policyOf(metric).name),
    );
    return JSON.stringify(pageOf(call, found).map((metric) => metricBody(metric, telemetry)));
  });
  route('GET', '/v1/metric/:id', (call) => {
    const id = call.parameter('id');
    const metric = telemetry.metric(id);
    if (!metric || !isVisible(call, metric.resource)) {
      throw new GnocchiRefusal(404, `Metric ${id} does not exist`);
    }
    const resource = resourceBody(metric.resource);
    return JSON.stringify({
      ...metricBody(metric, telemetry),
      resource: { ...resource, metrics: undefined },
    });
  });

  route('POST', '/v1/search/resource/:type', (call) => {
    const found = search(call, telemetry, call.parameter('type'), call.body);
    const body = call.parameter('type') === 'generic' ? genericBody : resourceBody;
    return JSON.stringify(pageOf(call, found).map(body));
  });

  route('POST', '/v1/aggregates', (call) => {
    const start = call.query.get('start');
    const granularity = Number(call.query.get('granularity'));
    if (!granularity || start === null || call.query.has('groupby')) {
      throw notInSandbox('aggregate but with a granularity and a start, and without groups');
    }
    const since = parseUtc(start) ?? 0;
    const asked = AggregatesBody.parse(call.body);
    const [, ...operands] = asked.operations;
    const references = operands.flatMap((each) => (typeof each === 'string' ? [] : [each]));
    const [name, method] = operands;
    if (typeof name === 'string' && typeof method === 'string') references.push([name, method]);
    const found =
      asked.resource_type === undefined
        ? byMetricId(call, telemetry, references)
        : byResource(search(call, telemetry, asked.resource_type, asked.search), references);
    return JSON.stringify({ measures: aggregate(found, telemetry, { granularity, since }) });
  });
}

/** Lengths in seconds; Gnocchi takes `points` in place of one of them as well, and texts such as `5 minutes`. */
const ArchivePolicyDraft = z.object({
  name: z.string().min(1),
  aggregation_methods: z.array(z.string()),
  definition: z.array(z.object({ granularity: z.number().positive(), timespan: z.number().positive() })),
});

const AggregatesBody = z.object({
  operations: z.tuple([z.literal('metric')], z.union([z.string(), z.tuple([z.string(), z.string()])])),
  resource_type: z.string().optional(),
  search: z.unknown().optional(),
});

function byResource(
  resources: readonly Resource[],
  references: readonly (readonly [string, string])[],
): Reference[] {
  const found = resources.flatMap((resource) =>
    references.flatMap(([name, method]) => {
      const metric = resource.metrics.find((each) => each.name === name);
      return metric ? [{ metric, method, label: name, isByResource: true }] : [];
    }),
  );
  if (found.length > 0) return found;
  const detail = [...new Set(references.map(([name]) => name))];
  throw new GnocchiRefusal(400, { cause: 'Metrics not found', detail });
}

function byMetricId(
  call: Call,
  telemetry: Telemetry,
  references: readonly (readonly [string, string])[],
): Reference[] {
  const wanted = new Set(references.map(([id]) => id));
  const metrics = new Map<string, Metric>();
  for (const metric of telemetry.metrics()) {
    if (wanted.has(metric.id) && isVisible(call, metric.resource)) metrics.set(metric.id, metric);
  }
  const detail = [...wanted].filter((id) => !metrics.has(id));
  if (detail.length > 0) {
    throw new GnocchiRefusal(404, {
      cause: 'Unknown metrics',
      reason: "Provided metrics don't exists",
      detail,
    });
  }
  return references.flatMap(([id, method]) => {
    const metric = metrics.get(id);
    return metric ? [{ metric, method, label: id, isByResource: false }] : [];
  });
}

function search(call: Call, telemetry: Telemetry, type: string, condition: unknown): Resource[] {
  if (!isResourceType(type)) throw new GnocchiRefusal(404, `Resource type ${type} does not exist`);
  const meets = compileSearch(condition ?? {}, type);
  return [...telemetry.resources(type)].filter((resource) => isVisible(call, resource) && meets(resource));
}

function isResourceType(type: string): type is ResourceType | 'generic' {
  return ['generic', 'instance', 'instance_network_interface', 'instance_disk'].includes(type);
}

function isVisible(call: Call, { server }: Resource): boolean {
  return call.isAdmin || call.project?.id === server.projectId;
}

/** A full page says where the next one begins, even if that is empty. */
function pageOf<T extends { readonly id: string }>(call: Call, all: readonly T[]): T[] {
  const marker = call.query.get('marker');
  const start = marker === null ? 0 : all.findIndex(({ id }) => id === marker) + 1;
  if (marker !== null && start === 0) {
    throw new GnocchiRefusal(400, `Invalid pagination: \`Invalid marker: ${marker}\``);
  }
  const limit = Math.min(Number(call.query.get('limit') ?? maxLimit), maxLimit);
  const page = all.slice(start, start + limit);
  const last = page.at(-1);
  if (last && page.length === limit) {
    const query = new URLSearchParams({ limit: String(limit), marker: last.id });
    const path = call.request.url.split('?')[0];
    call.reply.header('link', `<${call.base}${path}?${query.toString()}>; rel="next"`);
  }
  return page;
}

function policyBody({ name, backWindow, methods, definition }: ArchivePolicy) {
  return {
    name,
    back_window: backWindow,
    definition: definition.map(({ granularity, points }) => ({
      timespan: timespan(granularity * points),
      granularity: timespan(granularity),
      points,
    })),
    aggregation_methods: methods,
  };
}

/** As Python writes a length of time: `0:05:00`, `30 days, 0:00:00`. */
function timespan(seconds: number): string {
  const days = Math.floor(seconds / 86_400);
  const two = (number: number) => String(Math.floor(number)).padStart(2, '0');
  const time = `${Math.floor((seconds % 86_400) / 3600)}:${two((seconds % 3600) / 60)}:${two(seconds % 60)}`;
  if (days === 0) return time;
  return `${days} day${days === 1 ? '' : 's'}, ${time}`;
}

function metricBody(metric: Metric, telemetry: Telemetry) {
  const { id, name, unit } = metric;
  return { id, name, unit, archive_policy: policyBody(telemetry.policyOf(metric)) };
}

/** A resource in a search for all types: without the attributes of its own type. */
function genericBody(resource: Resource) {
  const { id, project_id, started_at, revision_start, user_id, original_resource_id, type, metrics } =
    resourceBody(resource);
  const common = { id, project_id, ended_at: null, started_at, revision_start, revision_end: null };
  return { ...common, user_id, original_resource_id, type, metrics };
}

function gnocchiTime(ms: number): string {
  return isoTime(ms).replace('Z', '000+00:00');
}

function resourceBody(resource: Resource) {
  const { type, originalId, server, metrics, name, plugged, revisedAt } = resource;
  return {
    ...attributesOf(resource),
    started_at: gnocchiTime(plugged.from),
    revision_start: gnocchiTime(revisedAt),
    user_id: server.userId,
    original_resource_id: originalId,
    type,
    ...(type === 'instance'
      ? {
          flavor_id: resource.flavorId,
          flavor_name: server.flavor.name,
          host: server.host,
          server_group: null,
        }
      : { name }),
    revision_end: null,
    metrics: Object.fromEntries(metrics.map((metric) => [metric.name, metric.id])),
  };
}
