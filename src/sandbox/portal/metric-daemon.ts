import type { FastifyInstance, FastifyReply } from 'fastify';
import { type Report, readReport } from './metric-report.ts';
import { refusalOfToken } from './metric-token.ts';
import type { Portal } from './portal.ts';

/** A value as the daemon keeps it. */
export interface ShownMetric extends Report {
  /** ms since 1970. */
  readonly at: number;
}

/** How often it asks, at most, which devices there are. */
const leastRefreshMs = 5_000;

/**
 * The daemon that takes figures of devices (of 2023, behind the portal's `/mrd/`). It knows the devices that there were when
 * it last looked, and those that there ever were; it keeps the last value of each metric.
 */
export class MetricDaemon {
  readonly #portal: Portal;
  readonly #known = new Set<string>();
  readonly #metrics = new Map<string, Map<string, ShownMetric>>();
  #refreshedAt = Number.NEGATIVE_INFINITY;
  #hasJustStarted = false;
  /** Reports taken since the start. */
  taken = 0;
  /** Called for each device that has a new value. */
  onTaken: ((deviceId: string) => void) | undefined;

  constructor(portal: Portal) {
    this.#portal = portal;
  }

  /** Whether it knows a device; an unknown one it looks up in the portal, now and then. */
  knows(deviceId: string): boolean {
    if (this.#known.has(deviceId)) return true;
    const now = this.#portal.clock.now();
    if (now - this.#refreshedAt < leastRefreshMs) return false;
    this.#refreshedAt = now;
    for (const { id } of this.#portal.devices.all())
      this.#known.add(String(this.#portal.ids.show('device', id)));
    // The first request after a restart makes the daemon read the portal, and is answered before the portal has answered.
    const isTooSoon = this.#hasJustStarted;
    this.#hasJustStarted = false;
    return !isTooSoon && this.#known.has(deviceId);
  }

  take(deviceId: string, report: Report): void {
    let metrics = this.#metrics.get(deviceId);
    if (!metrics) this.#metrics.set(deviceId, (metrics = new Map()));
    metrics.set(report.name, { ...report, at: this.#portal.clock.now() });
    this.taken++;
    this.onTaken?.(String(this.#portal.ids.read(deviceId)));
  }

  /** What the portal shows of a device: what has not outlived its ttl, by name. */
  shown(deviceId: number | string): ReadonlyMap<string, ShownMetric> {
    const now = this.#portal.clock.now();
    const shownId = typeof deviceId === 'number' ? this.#portal.ids.show('device', deviceId) : deviceId;
    const all = this.#metrics.get(String(shownId)) ?? new Map<string, ShownMetric>();
    return new Map([...all].filter(([, { at, ttl }]) => at + ttl * 1000 > now));
  }

  /** It restarts, and remembers nothing. */
  restart(): void {
    this.#known.clear();
    this.#metrics.clear();
    this.#refreshedAt = Number.NEGATIVE_INFINITY;
    this.#hasJustStarted = true;
  }
}

/** Serves the daemon below `/mrd/`, as the proxy before the portal does. */
export function addMetricDaemon(app: FastifyInstance, portal: Portal, daemon: MetricDaemon): void {
  app.all('/mrd/*', (request, reply) => {
    const path = (request.url.slice('/mrd'.length).split('?')[0] ?? '')
      .replace(/\/+/g, '/')
      .replace(/\/$/, '');
    const deviceId = /^\/([^/]+)\/metrics$/.exec(path)?.[1];
    if (deviceId === undefined) return plain(reply, 404, '404 page not found');
    if (request.method !== 'PUT') return reply.code(405).header('allow', 'PUT').send();
    const unauthorized = refusalOfToken(request.headers, portal.secret, portal.clock.now());
    if (unauthorized !== undefined) return plain(reply, 401, unauthorized);
    const read = readReport(typeof request.body === 'string' ? request.body : '');
    if (read.kind === 'refused')
      return json(reply, read.status, { errors: read.errors, status: read.status });
    if (!daemon.knows(deviceId)) {
      const errors = [{ title: 'Host Not Found', detail: `adding host: Unknown host: ${deviceId}` }];
      return json(reply, 404, { errors, status: 404 });
    }
    daemon.take(deviceId, read.report);
    return json(reply, 200, { status: 200 });
  });
}

function plain(reply: FastifyReply, status: number, text: string): FastifyReply {
  return reply
    .code(status)
    .headers({ 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' })
    .send(`${text}\n`);
}

function json(reply: FastifyReply, status: number, body: unknown): FastifyReply {
  return reply
    .code(status)
    .type('application/json; charset=utf-8')
    .send(`${goJson(body)}\n`);
}

/** Go writes these characters as codes. */
function goJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<>&]/g,
    (character) => `\\u00${character.charCodeAt(0).toString(16)}`,
  );
}
