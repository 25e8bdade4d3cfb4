import { z } from 'zod';
import type { Readiness } from '../readiness.ts';
import type { TypedApp } from '../typed-app.ts';
import { HealthBody, ReadinessBody } from '../wire/health.ts';

export function addHealthRoutes(app: TypedApp, readiness: Readiness): void {
  app.get(
    '/',
    {
      exposeHeadRoute: true,
      schema: { summary: 'Whether there is anybody', response: { 200: z.literal('Running') } },
    },
    async (_, reply) => reply.type('text/plain; charset=utf-8').serializer(String).send('Running'),
  );
  app.get(
    '/healthz',
    {
      exposeHeadRoute: true,
      schema: { summary: 'Whether the process is alive', response: { 200: HealthBody } },
    },
    async () => ({ alive: true as const, uptime_s: readiness.uptimeS }),
  );
  app.get(
    '/readyz',
    {
      exposeHeadRoute: true,
      schema: {
        summary: 'Whether it can do its work: the configuration is good, and Keystone answers',
        description:
          'Of several clouds, listed by name in `clouds`, one that answers is enough: requests for it are served while another is unavailable.',
        response: { 200: ReadinessBody, 503: ReadinessBody },
      },
    },
    async (_, reply) => {
      const body = await readiness.read();
      return reply.code(body.ready ? 200 : 503).send(body);
    },
  );
}
