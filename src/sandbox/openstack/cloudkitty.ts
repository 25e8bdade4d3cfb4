import type { FastifyInstance } from 'fastify';
import { isoTime, parseTime } from '../../runtime/clock.ts';
import { monthOf } from '../../runtime/month.ts';
import type { Frame } from '../cloud/rating.ts';
import type { Call } from './call.ts';
import { notInSandbox, Refusal } from './refusal.ts';
import { addManners, type Site, withToken } from './service.ts';

/** Rating (CloudKitty) v2 and v1, as 17.0.0 answers; with the storage of v1 there is no v2. */
export function addCloudKitty(app: FastifyInstance, site: Site): void {
  addManners(app, site.cloud, {
    requestIdHeaders: ['x-openstack-request-id'],
    refusalBody: ({ message }) => ({ message }),
    noSuchRoute: { type: 'application/json', body: JSON.stringify({ message: 'Not Found' }) },
  });
  const v2 = (answer: (call: Call) => unknown) =>
    withToken(site, (call) => {
      if (site.cloud.options.rating === 'v1') throw new Refusal(404, 'Not Found');
      return JSON.stringify(answer(call));
    });
  app.get('/v2/summary', v2(summary));
  app.get('/v2/scope', v2(scopes));
  app.get(
    '/v1/report/summary',
    withToken(site, (call) => JSON.stringify(reportSummary(call))),
  );
}

const hourMs = 3_600_000;

const columnsOf: Readonly<Record<string, (frame: Frame) => string>> = {
  id: (frame) => frame.id,
  type: (frame) => frame.type,
  project_id: (frame) => frame.projectId,
};

/** `groupby` may come several times, or joined by commas; a list that is longer than `limit` is cut without a word. */
function summary(call: Call) {
  const { query } = call;
  const groupby = query.getAll('groupby').flatMap((names) => names.split(','));
  for (const name of groupby) if (!columnsOf[name]) throw notInSandbox(`group what was rated by ${name}`);
  if (query.has('filters') || query.has('response_format')) throw notInSandbox('filter what was rated');
  const { begin, end } = periodOf(call);
  const groups = new Map<string, { values: string[]; qty: number; rate: number }>();
  for (const frame of seenFrames(call, begin, end)) {
    const values = groupby.map((name) => columnsOf[name]?.(frame) ?? '');
    const group = groups.get(values.join('\n')) ?? { values, qty: 0, rate: 0 };
    groups.set(values.join('\n'), {
      values,
      qty: group.qty + frame.quantity,
      rate: group.rate + frame.rate,
    });
  }
  const all = [...groups.values()];
  const offset = whole(query.get('offset'), 0);
  const page = all.slice(offset, offset + whole(query.get('limit'), 100));
  return {
    total: all.length,
    columns: all.length > 0 ? ['begin', 'end', 'qty', 'rate', ...groupby] : [],
    results: page.map(({ values, qty, rate }) => [pythonTime(begin), pythonTime(end), qty, rate, ...values]),
    format: 'table',
  };
}

/** `state` is the beginning of the hour that was rated last. */
function scopes({ cloud, query }: Call) {
  const projects = new Set([...cloud.rating.frames(0, cloud.timeline.now())].map((frame) => frame.projectId));
  const offset = whole(query.get('offset'), 0);
  const page = [...projects].slice(offset, offset + whole(query.get('limit'), 100));
  if (page.length === 0) throw new Refusal(404, 'No resource found for provided filters.');
  return {
    results: page.map((id) => ({
      scope_id: id,
      scope_key: 'project_id',
      fetcher: 'gnocchi',
      collector: 'gnocchi',
      state: pythonTime(cloud.rating.processedUntil - hourMs),
    })),
  };
}

function reportSummary(call: Call) {
  if (call.query.get('groupby') !== 'tenant_id') throw notInSandbox('report by anything but the project');
  const { begin, end } = periodOf(call);
  const totals = new Map<string, number>();
  for (const { projectId, rate } of seenFrames(call, begin, end)) {
    totals.set(projectId, (totals.get(projectId) ?? 0) + rate);
  }
  return {
    summary: [...totals].map(([projectId, rate]) => ({
      begin: isoTime(begin).slice(0, 19),
      end: isoTime(end).slice(0, 19),
      tenant_id: projectId,
      res_type: 'ALL',
      rate: String(rate),
    })),
  };
}

/** The frames that the caller may see: those of one project, or for an administrator those of all. */
function* seenFrames({ cloud, isAdmin, project }: Call, begin: number, end: number): Iterable<Frame> {
  for (const frame of cloud.rating.frames(begin, end)) {
    if (isAdmin || frame.projectId === project?.id) yield frame;
  }
}

/** Default: this month. */
function periodOf({ cloud, query }: Call): { begin: number; end: number } {
  const month = monthOf(cloud.timeline.now());
  const time = (name: string, otherwise: number) => {
    const text = query.get(name);
    const ms = text === null ? otherwise : parseTime(text);
    if (ms === undefined) throw new Refusal(400, `Invalid ${name}`);
    return ms;
  };
  return { begin: time('begin', month.begin), end: time('end', month.end) };
}

function whole(text: string | null, otherwise: number): number {
  if (text === null) return otherwise;
  if (!/^\d+$/.test(text)) throw new Refusal(400, 'limit and offset are whole numbers');
  return Number(text);
}

/** `2026-11-01T00:00:00+00:00` */
function pythonTime(ms: number): string {
  return `${isoTime(ms).slice(0, 19)}+00:00`;
}
