import { z } from 'zod';

/** The metric daemon's refusals in JSON: the device is not known (404), a field is wrong (422), the body is (400). */
export const RefusalBody = z.object({
  errors: z.array(z.object({ title: z.string().optional(), detail: z.string().optional() })).min(1),
});

/** The answer to a value that the daemon has accepted, 200. */
export const StoredBody = z.object({ status: z.literal(200) });
