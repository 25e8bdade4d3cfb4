import type { TypedApp } from '../typed-app.ts';

/** `GET /metrics`: the service's own, in the form that Prometheus reads. */
export function addMetricsRoute(
  app: TypedApp,
  scrape: () => Promise<{ readonly contentType: string; readonly text: string }>,
): void {
  app.get('/metrics', { schema: { hide: true } }, async (_, reply) => {
    const { contentType, text } = await scrape();
    return reply.header('content-type', contentType).serializer(String).send(text);
  });
}
