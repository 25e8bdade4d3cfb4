/** Rating (CloudKitty): v2, and the part of v1 that serves clouds without v2. */
import { parseBody, parseRows, shapeProblem } from '../http/body.ts';
import type { HttpResponse } from '../http/client.ts';
import { BodyError } from '../http/errors.ts';
import type { ListOptions } from '../http/list-options.ts';
import { isoTime, parseTime } from '../runtime/clock.ts';
import type { ProjectId } from './model.ts';
import type { Session } from './session.ts';
import * as wire from './wire/rating.ts';

/** What one resource cost in a period, under one of the types that the cloud rates. */
export interface Rated {
  /** Of the server, volume or network. */
  readonly id: string;
  /** As CloudKitty's `metrics.yml` names it, such as `instance` or `volume.size`. */
  readonly type: string;
  readonly projectId: ProjectId;
  /** In the currency of the cloud's prices. */
  readonly rate: number;
}

/** From `begin` on, before `end`: ms since 1970. */
export interface Period {
  readonly begin: number;
  readonly end: number;
}

/**
 * CloudKitty's default is 100, and it truncates a longer list without an error; each page costs it as much as
 * the whole list.
 */
const pageSize = 5000;

/** Whether the cloud, or the region of it, has a CloudKitty at all. */
export async function hasRating(session: Session, signal?: AbortSignal): Promise<boolean> {
  return (await session.addressOf('rating', signal)) !== undefined;
}

/**
 * What each resource of every project cost in a period. Up to 5,000 rows take one request.
 *
 * @returns undefined: this CloudKitty has no v2, or its storage does not support it (see `readProjectTotals`)
 * @throws {BodyError} the list changed while its pages were read
 */
export async function listRated(
  session: Session,
  { signal, ...period }: Period & ListOptions,
): Promise<Rated[] | undefined> {
  const rated: Rated[] = [];
  let expected: number | undefined;
  for (;;) {
    const response = await session.request('rating', {
      method: 'GET',
      path: '/summary',
      route: '/summary',
      query: { ...times(period), groupby: 'id,type,project_id', limit: pageSize, offset: rated.length },
      accept: [404, 405, 501],
      signal,
    });
    if (response.status >= 300) return undefined;
    const { total, columns, results } = parseBody(response, wire.Summary);
    expected ??= total;
    if (total !== expected || (results.length === 0 && rated.length < total)) {
      throw new BodyError(response, `${rated.length} of ${expected} rows, and then a list of ${total}`);
    }
    rated.push(...results.map((values) => toRated(values, columns, response)));
    if (rated.length >= total) return rated;
  }
}

function toRated(values: readonly unknown[], columns: readonly string[], response: HttpResponse): Rated {
  const row = Object.fromEntries(columns.map((column, at) => [column, values[at]]));
  const parsed = wire.RatedRow.safeParse(row);
  if (!parsed.success) throw new BodyError(response, shapeProblem(parsed.error, ['results']));
  const { id, type, project_id: projectId, rate } = parsed.data;
  return { id, type, projectId: projectId as ProjectId, rate };
}

/** What each project cost in a period: all that CloudKitty reports with v1 storage. */
export async function readProjectTotals(
  session: Session,
  period: Period,
  signal?: AbortSignal,
): Promise<Map<ProjectId, number>> {
  const path = '/report/summary';
  const query = { ...times(period), groupby: 'tenant_id', all_tenants: true };
  const request = { method: 'GET', path, route: path, query, signal } as const;
  const { summary } = parseBody(await session.request('rating-v1', request), wire.ProjectTotals);
  return new Map(summary.map(({ tenant_id: id, rate }) => [id as ProjectId, rate]));
}

/**
 * By project, the beginning of the last period that CloudKitty has rated: everything before it is complete,
 * unless it is rated again later. Projects without any rated period are missing.
 */
export async function readRatedUntil(
  session: Session,
  signal?: AbortSignal,
): Promise<Map<ProjectId, number>> {
  const until = new Map<ProjectId, number>();
  for (let offset = 0; ; offset += pageSize) {
    const path = '/scope';
    const query = { limit: pageSize, offset };
    // CloudKitty answers 404 for an empty page.
    const request = { method: 'GET', path, route: path, query, accept: [404], signal } as const;
    const response = await session.request('rating', request);
    if (response.status === 404) return until;
    const results = parseRows(response, { field: 'results', row: wire.Scope });
    for (const { scope_id: id, last_processed_timestamp: last, state } of results) {
      const at = parseTime(last ?? state ?? '');
      if (at !== undefined) until.set(id as ProjectId, at);
    }
    if (results.length < pageSize) return until;
  }
}

function times({ begin, end }: Period) {
  return { begin: isoTime(begin), end: isoTime(end) };
}
