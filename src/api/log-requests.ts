import type { Logger } from '../observability/logger.ts';
import type { OperationError } from '../operations/operation-error.ts';
import { ageOf, type Clock } from '../runtime/clock.ts';
import type { TypedApp } from './typed-app.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The error answered instead of the result. */
    why: string | undefined;
    /** The exchange with the cloud that failed, if one did. */
    upstream: OperationError['upstream'];
  }
}

export interface LogRequestsOptions {
  /** Called for each answered request. `route` is without ids. */
  readonly onServed?: (request: { method: string; route: string; status: number; ms: number }) => void;
  readonly log: Logger;
}

/** Has each request that was answered logged and counted. */
export function logRequests(app: TypedApp, { onServed, log }: LogRequestsOptions): void {
  app.decorateRequest('why', undefined);
  app.decorateRequest('upstream', undefined);
  app.addHook('onResponse', async (request, reply) => {
    const { id, method, routeOptions, why, upstream } = request;
    const status = reply.statusCode;
    onServed?.({
      method,
      // No route: the path is the caller's own and may hold anything, so it is not logged.
      route: routeOptions.url ?? '(none)',
      status,
      ms: reply.elapsedTime,
    });
    const fields = {
      requestId: id,
      method,
      route: routeOptions.url,
      status,
      ms: Math.round(reply.elapsedTime),
      why,
      upstream,
    };
    if (status >= 500) log.warn(fields, 'API request failed in OpenStack');
    else if (why !== undefined) log.info(fields, 'request refused');
    else log.debug(fields, 'request served');
  });
}

/** Says once a minute how many connections were refused. */
export function tellRefusals({ clock, log }: { readonly clock: Clock; readonly log: Logger }): () => void {
  let refused = 0;
  let saidAt = Number.NEGATIVE_INFINITY;
  return () => {
    refused++;
    if (ageOf(saidAt, clock.now()) < 60_000) return;
    log.warn({ refused }, 'too many connections to the API, refused');
    saidAt = clock.now();
    refused = 0;
  };
}
