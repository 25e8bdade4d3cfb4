import { z } from 'zod';

/** A row of `GET /networks`; only its name matters. */
export const NetworkName = z.object({
  id: z.string().min(1),
  name: z
    .string()
    .nullish()
    .transform((name) => name ?? ''),
});
export type NetworkName = z.infer<typeof NetworkName>;

const FixedIp = z.object({ ip_address: z.string() });

/**
 * A row of `GET /ports`; only the owner of its addresses matters. A port that cannot be parsed loses only its
 * own addresses.
 */
export const AddressedPort = z.object({
  id: z.string().min(1),
  /** Id of the server; '' for none. */
  device_id: z.string().catch(''),
  fixed_ips: z.array(FixedIp.optional().catch(undefined)).catch([]),
});

/** A row of `GET /networks`, or `GET /networks/{id}`. Fields of extensions may be missing. */
export const Network = z.object({
  id: z.string().min(1),
  name: z.string().nullish(),
  status: z.string(),
  admin_state_up: z.boolean(),
  shared: z.boolean().default(false),
  'router:external': z.boolean().default(false),
  project_id: z.string().min(1),
  mtu: z.number().nullish(),
  port_security_enabled: z.boolean().nullish(),
  l2_adjacency: z.boolean().nullish(),
  dns_domain: z.string().nullish(),
  qos_policy_id: z.string().nullish(),
  created_at: z.string().nullish(),
});
export type Network = z.infer<typeof Network>;
