import { z } from 'zod';
import type * as concertim from '../model.ts';
import type { DeviceKind } from '../statuses.ts';
import { Id } from './id.ts';
import { JsonObject, ShownJsonObject } from './json-object.ts';
import { Money } from './money.ts';

/** The place of a device in a rack. */
export const InRack = z
  .object({
    type: z.literal('rack'),
    rack_id: Id,
    start_u: z.int(),
    end_u: z.int(),
    facing: z.enum(['f', 'b']),
  })
  .transform(
    (place): concertim.Location => ({
      rackId: place.rack_id as concertim.RackId,
      startU: place.start_u,
      endU: place.end_u,
      facing: place.facing,
    }),
  );

const Elsewhere = z.object({ type: z.string().refine((type) => type !== 'rack') }).transform(() => null);

/** Names of the kinds: `type` in main and later, `details` in v1.2.0. Earlier releases only have servers, and no type. */
export const kinds: Readonly<Record<DeviceKind, { readonly type: string; readonly details: string }>> = {
  server: { type: 'Instance', details: 'Device::ComputeDetails' },
  volume: { type: 'Volume', details: 'Device::VolumeDetails' },
  network: { type: 'Network', details: 'Device::NetworkDetails' },
};

// A missing or odd value must not make a whole list unreadable: it counts as not shown.
const text = z.string().nullish().catch(undefined);
const flag = z.boolean().nullish().catch(undefined);
const whole = z.int().nullish().catch(undefined);

const common = {
  id: Id,
  name: z.string(),
  description: z.string().nullable().catch(null),
  status: z.string().catch(''),
  location: z.union([InRack, Elsewhere, z.null()]),
  template_id: Id.optional(),
  template: z.object({ id: Id }).optional(),
  metadata: JsonObject,
  cost: Money,
};

/** Names of the details in requests and answers, by our names. */
const detailNames = {
  server: {
    publicIps: 'public_ips',
    privateIps: 'private_ips',
    sshKey: 'ssh_key',
    loginUser: 'login_user',
    volumeDetails: 'volume_details',
  },
  volume: {
    availabilityZone: 'availability_zone',
    bootable: 'bootable',
    encrypted: 'encrypted',
    readOnly: 'read_only',
    size: 'size',
    volumeType: 'volume_type',
  },
  network: {
    adminStateUp: 'admin_state_up',
    dnsDomain: 'dns_domain',
    l2Adjacency: 'l2_adjacency',
    mtu: 'mtu',
    portSecurityEnabled: 'port_security_enabled',
    qosPolicy: 'qos_policy',
    shared: 'shared',
  },
} as const satisfies Record<DeviceKind, Readonly<Record<string, string>>>;

const Server = z.object({
  ...common,
  type: z.enum(Object.values(kinds.server)).optional(),
  public_ips: text,
  private_ips: text,
  ssh_key: text,
  login_user: text,
  volume_details: ShownJsonObject,
});

const Volume = z.object({
  ...common,
  type: z.enum(Object.values(kinds.volume)),
  availability_zone: text,
  bootable: flag,
  encrypted: flag,
  read_only: flag,
  size: whole,
  volume_type: text,
});

const Network = z.object({
  ...common,
  type: z.enum(Object.values(kinds.network)),
  admin_state_up: flag,
  dns_domain: text,
  l2_adjacency: flag,
  mtu: whole,
  port_security_enabled: flag,
  qos_policy: text,
  shared: flag,
});

/** A device in a list (with `template_id`, if at all), or shown by itself (with `template`). Each kind is read by its own fields. */
export const Device = z.discriminatedUnion(
  'type',
  [
    Server.transform((device, context) => {
      // Only v0.2.1 shows no template; it shows no other detail of a server either.
      if (templateIdOf(device) === undefined && device.public_ips !== undefined) {
        context.addIssue({ code: 'custom', path: ['template_id'], message: 'missing, and so is template' });
        return z.NEVER;
      }
      return toDevice('server', device);
    }),
    Volume.transform((device) => toDevice('volume', device)),
    Network.transform((device) => toDevice('network', device)),
  ],
  { error: 'expected the type of an instance, a volume or a network' },
);

type Row = z.output<typeof Server> | z.output<typeof Volume> | z.output<typeof Network>;

function toDevice(kind: DeviceKind, row: Row): concertim.Device {
  const device: Record<string, unknown> = {
    kind,
    id: row.id,
    name: row.name,
    description: row.description,
    // One that is unknown to us stays as it is: it equals none of ours, so the next plan replaces it.
    status: row.status,
    location: row.location,
    templateId: templateIdOf(row),
    metadata: row.metadata,
  };
  if (row.cost !== undefined) device['cost'] = row.cost;
  if (row.type !== undefined) device['type'] = row.type;
  for (const [ours, theirs] of namesOfKind[kind]) device[ours] = row[theirs as keyof Row];
  return device as unknown as concertim.Device;
}

/** The names as lists, which are made once and not for every row. */
export const namesOfKind = {
  server: Object.entries(detailNames.server),
  volume: Object.entries(detailNames.volume),
  network: Object.entries(detailNames.network),
};

function templateIdOf({ template_id, template }: Row): number | string | undefined {
  return template_id ?? template?.id;
}
