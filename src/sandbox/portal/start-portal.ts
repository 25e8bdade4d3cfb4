import { setImmediate as nextTurn } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import type { Clock } from '../../runtime/clock.ts';
import type { Faults } from '../faults.ts';
import { HttpService } from '../http-service.ts';
import { addMetricDaemon, type MetricDaemon } from './metric-daemon.ts';
import type { Portal } from './portal.ts';
import { addRoutes } from './routes.ts';
import type { PortalSpeed } from './speed.ts';

export interface PortalServiceOptions {
  readonly portal: Portal;
  /** Which takes figures behind the same address; without it nothing does. */
  readonly metricDaemon?: MetricDaemon;
  readonly faults: Faults;
  /** Default: any that is free. */
  readonly port?: number | undefined;
  readonly host?: string;
  readonly latencyMs?: number;
  /**
   * Between the validation of a creation and its insertion: creations at the same time do not see each other, for the
   * portal's database has no unique indexes. Default: the next turn of the event loop.
   */
  readonly insertionMs?: number;
  readonly clock?: Clock;
  /** How long it takes for what. Default: no longer than this process needs. */
  readonly speed?: PortalSpeed | undefined;
  /** Adds what is served behind the same address besides. */
  readonly more?: (app: FastifyInstance) => void;
}

/** Serves a portal over HTTP, for faults by the name `concertim`. */
export async function startPortal(options: PortalServiceOptions): Promise<HttpService> {
  const { portal, metricDaemon, insertionMs, speed, more, clock = portal.clock, ...service } = options;
  const beforeInsertion = () => (insertionMs ? clock.sleep(insertionMs) : nextTurn());
  return HttpService.start({
    ...service,
    clock,
    name: 'concertim',
    routes: (app) => {
      speed?.slow(app, portal);
      addRoutes(app, portal, beforeInsertion);
      if (metricDaemon) addMetricDaemon(app, portal, metricDaemon);
      more?.(app);
    },
  });
}
