import { z } from 'zod';

const Check = z.object({
  ok: z.boolean(),
  age_s: z.number().describe('how long ago it was looked at, seconds'),
  message: z.string().optional(),
});

/** `GET /readyz` */
export const ReadinessBody = z.object({
  ready: z.boolean(),
  checks: z.object({ config: Check, keystone: Check }),
});
export type ReadinessBody = z.infer<typeof ReadinessBody>;

/** `GET /healthz` */
export const HealthBody = z.object({ alive: z.literal(true), uptime_s: z.number() });
