import { z } from 'zod';

/** `GET /v2.1/`: the range of microversions; empty texts where there are none. */
export const VersionBody = z.object({
  version: z.object({ version: z.string(), min_version: z.string() }),
});

const ServerAddress = z.object({
  addr: z.string(),
  version: z.literal([4, 6]),
  'OS-EXT-IPS:type': z.enum(['fixed', 'floating']).default('fixed'),
  'OS-EXT-IPS-MAC:mac_addr': z.string().nullish(),
});

/** From microversion 2.47 on the properties instead of the id. */
const ServerFlavor = z.union([
  z.object({ original_name: z.string(), vcpus: z.number(), ram: z.number(), disk: z.number() }),
  z.object({ id: z.string() }),
]);

/**
 * Nova keeps every hint as a list and shows it so, also one that was given as a text:
 * https://opendev.org/openstack/nova/src/branch/master/doc/api_samples/servers/v2.100/servers-details-resp.json
 */
const SchedulerHint = z.union([z.string(), z.tuple([z.string()]).transform(([text]) => text)]);

/** A row of `GET /servers/detail`, or `GET /servers/{id}`. */
export const Server = z.object({
  id: z.string().min(1),
  name: z.string(),
  status: z.string(),
  tenant_id: z.string(),
  created: z.string(),
  flavor: ServerFlavor,
  addresses: z.record(z.string(), z.array(ServerAddress)),
  key_name: z.string().nullish(),
  // Nova's policy may hide these two.
  'OS-EXT-STS:vm_state': z.string().nullish(),
  'OS-EXT-STS:task_state': z.string().nullish(),
  'os-extended-volumes:volumes_attached': z
    .array(z.object({ id: z.string(), delete_on_termination: z.boolean().nullish() }))
    .default([]),
  // From microversion 2.100 on. Anything may stand in it; only Heat's own hint is ours.
  scheduler_hints: z.object({ heat_root_stack_id: SchedulerHint.optional() }).optional().catch(undefined),
});
export type Server = z.infer<typeof Server>;

/** The status of what is in a cell that is down. */
export const unreachable = 'UNKNOWN';

/** What Nova knows of a server in a cell that is down. */
export const UnreachableServer = z.object({ status: z.literal(unreachable) });

/** A row of `GET /os-services`. */
export const Service = z.object({ host: z.string(), status: z.string() });

export const Flavor = z.object({
  id: z.string().min(1),
  name: z.string(),
  vcpus: z.number(),
  ram: z.number(),
  disk: z.number(),
});
export type Flavor = z.infer<typeof Flavor>;
export const FlavorBody = z.object({ flavor: Flavor });

/** `project_id` from microversion 2.13 on. */
export const ServerGroup = z.object({
  id: z.string().min(1),
  project_id: z.string(),
  members: z.array(z.string()),
});
export type ServerGroup = z.infer<typeof ServerGroup>;
