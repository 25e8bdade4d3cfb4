import { z } from 'zod';

/** A row of `GET /ports`. */
export const Port = z.object({
  id: z.string().min(1),
  project_id: z.string(),
  network_id: z.string(),
  device_owner: z
    .string()
    .nullish()
    .transform((owner) => owner ?? ''),
  device_id: z
    .string()
    .nullish()
    .transform((id) => id ?? ''),
});

/** A row of `GET /floatingips`. */
export const FloatingIp = z.object({ floating_ip_address: z.string(), port_id: z.string().nullish() });
