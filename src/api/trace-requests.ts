import type { Span } from '@opentelemetry/api';
import type { FastifyInstance } from 'fastify';
import type { Tracing } from '../observability/tracing.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The request's span, parent of its requests to the cloud; undefined: nothing is traced. */
    span: Span | undefined;
  }
}

/** Every request that has a route is a trace, with all requests to the cloud on its behalf. */
export function traceRequests(app: FastifyInstance, tracing: Tracing): void {
  app.decorateRequest('span', undefined);
  app.addHook('onRequest', async (request) => {
    const { id, method, routeOptions } = request;
    if (routeOptions.url === undefined) return;
    request.span = tracing.begin(`${method} ${routeOptions.url}`, {
      kind: 'server',
      fields: { 'http.request.method': method, 'http.route': routeOptions.url, requestId: id },
    });
  });
  // Once the body is read: what Node tells of its arrival comes from outside of what is done here.
  app.addHook('preHandler', (request, _, done) => {
    if (request.span) tracing.within(request.span, done);
    else done();
  });
  app.addHook('onResponse', async ({ span, why }, { statusCode }) => {
    if (!span) return;
    const fields = { 'http.response.status_code': statusCode, why };
    tracing.end(span, fields, statusCode >= 500 ? 'failed' : 'done');
  });
}
