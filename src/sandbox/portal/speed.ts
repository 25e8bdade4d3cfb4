import type { FastifyInstance, FastifyRequest } from 'fastify';
import pLimit from 'p-limit';
import { type Clock, systemClock } from '../../runtime/clock.ts';
import type { Portal } from './portal.ts';

/** What an exchange costs the real portal, ms: for itself, and for each row that it is about. */
interface Cost {
  readonly base: number;
  readonly each?: number;
}

/** By method and route; what is in none costs as little as a list of templates. */
type Costs = Readonly<Record<string, Cost>>;

/** Measured on a portal with one process of Puma in production mode, on two processors: releases with users. */
const withUsers: Costs = {
  'GET /api/v1/devices': { base: 10, each: 6 },
  'GET /api/v1/racks': { base: 5, each: 1.3 },
  'GET /api/v1/racks/:id': { base: 10, each: 2.5 },
  'POST /api/v1/racks': { base: 17 },
  'PATCH /api/v1/racks/:id': { base: 12 },
  'DELETE /api/v1/racks/:id': { base: 10, each: 10 },
  'POST /api/v1/nodes': { base: 38 },
  'PATCH /api/v1/devices/:id': { base: 27 },
  'DELETE /api/v1/devices/:id': { base: 10 },
};

/** The same of releases with teams: each change of a rack or of what stands in it is sent to those who look at it. */
const withTeams: Costs = {
  ...withUsers,
  'GET /api/v1/racks/:id': { base: 10, each: 3 },
  'POST /api/v1/racks': { base: 18 },
  'PATCH /api/v1/racks/:id': { base: 20 },
  'DELETE /api/v1/racks/:id': { base: 10, each: 6 },
  'POST /api/v1/nodes': { base: 35 },
  'PATCH /api/v1/devices/:id': { base: 57 },
};

const cheap: Cost = { base: 8 };

/** As many requests as one process of Puma has threads are at work at once; the others wait. */
const threads = 5;
/** Ruby runs one thread at a time, in turns of so long: five requests at once take as long as one after the other. */
const turnMs = 10;

/** The time that the real portal takes for what it answers, as a queue of its threads. */
export class PortalSpeed {
  /** While true, nothing is delayed: a test fills the portal quickly and then makes it slow. */
  isOff = false;
  #busyMs = 0;
  readonly #threads = pLimit(threads);
  readonly #processor = pLimit(1);
  readonly #clock: Clock;

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  /** How long it has worked since it was made, ms. */
  get busyMs(): number {
    return this.#busyMs;
  }

  /** Has every exchange with the API take its time. */
  slow(app: FastifyInstance, portal: Portal): void {
    app.addHook('preHandler', async (request) => {
      if (!this.isOff) await this.work(costOf(request, portal));
    });
  }

  /** Resolves once one exchange that costs so much is over, when there is a thread for it. */
  async work(ms: number): Promise<void> {
    await this.#threads(async () => {
      for (let left = ms; left > 0; left -= turnMs)
        await this.#processor(() => this.#clock.sleep(Math.min(left, turnMs)));
    });
    this.#busyMs += ms;
  }
}

function costOf(request: FastifyRequest, portal: Portal): number {
  const route = request.routeOptions.url ?? '';
  if (!route.startsWith('/api/v1/')) return 0;
  const costs = portal.rules.owner === 'team' ? withTeams : withUsers;
  const { base, each = 0 } = costs[`${request.method} ${route}`] ?? cheap;
  return base + each * (each && rowsOf(route, request, portal));
}

function rowsOf(route: string, request: FastifyRequest, portal: Portal): number {
  if (route === '/api/v1/devices') return portal.devices.size;
  if (route === '/api/v1/racks') return portal.racks.size;
  const { id } = request.params as { id: string };
  const rack = portal.racks.get(portal.ids.read(id));
  return rack ? portal.devicesIn(rack.id).length : 0;
}
