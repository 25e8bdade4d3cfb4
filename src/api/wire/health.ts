import { z } from 'zod';

/** What was found of one thing. */
const Check = z.object({
  ok: z.boolean(),
  age_s: z.number().describe('how long ago it was looked at, seconds'),
  message: z.string().optional(),
});
export type Check = z.infer<typeof Check>;

/** `GET /readyz` */
export const ReadinessBody = z.object({
  ready: z.boolean(),
  checks: z.object({
    config: Check,
    keystone: Check,
    clouds: z.record(z.string(), Check).optional(),
  }),
});
export type ReadinessBody = z.infer<typeof ReadinessBody>;

/** `GET /healthz` */
export const HealthBody = z.object({ alive: z.literal(true), uptime_s: z.number() });
