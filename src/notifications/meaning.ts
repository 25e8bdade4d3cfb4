import { z } from 'zod';
import type { Announcer, Kind, ProjectId, Reference, ServerId, StackId } from '../openstack/model.ts';
import { type Notification, UnreadableMessageError } from './envelope.ts';

/** What a notification has us do: look again at what it names, or nothing. */
export type Meaning =
  | {
      readonly kind: 'references';
      readonly references: readonly Reference[];
      /** Which service announces it. */
      readonly service: Announcer;
    }
  | { readonly kind: 'not-ours' };

const notOurs: Meaning = { kind: 'not-ours' };

/**
 * Which objects a notification is about. What has happened to them does not matter, for they are read afresh; but that
 * the cloud says it has deleted one is a proof that no list gives.
 *
 * @throws {UnreadableMessageError} when it is about one of these and does not say which
 */
export function meaningOf(notification: Notification): Meaning {
  const family = families.find(({ prefix }) => notification.eventType.startsWith(prefix));
  if (!family) return notOurs;
  const { service } = family;
  const references = family.read(notification);
  return references.length > 0 ? { kind: 'references', references, service } : notOurs;
}

/** The families of events that are ours, whatever verb and ending follow. */
const families: readonly {
  readonly prefix: string;
  readonly service: Announcer;
  readonly read: (notification: Notification) => Reference[];
}[] = [
  { prefix: 'compute.instance.', service: 'compute', read: unversionedInstance },
  { prefix: 'instance.', service: 'compute', read: versionedInstance },
  // A server that no host could be found for ends here; there may be no event of its own.
  { prefix: 'compute_task.', service: 'compute', read: computeTask },
  { prefix: 'orchestration.stack.', service: 'orchestration', read: stack },
  { prefix: 'volume.', service: 'block-storage', read: volume },
  { prefix: 'network.', service: 'network', read: network },
  { prefix: 'port.', service: 'network', read: port },
  { prefix: 'floatingip.', service: 'network', read: floatingIp },
];

const id = z.string().min(1);
const projectId = id.nullish().catch(undefined);

/** nova/notifications/base.py, `info_from_instance`; `exists` and some errors put the server one level deeper. */
const InstanceInfo = z.object({ instance_id: id, tenant_id: projectId });

function unversionedInstance({ eventType, payload, contextProjectId }: Notification): Reference[] {
  const { instance_id, tenant_id } = readPayload(InstanceInfo, payload, eventType);
  return [
    object('server', instance_id, tenant_id ?? contextProjectId, isDeletion(eventType, 'compute.instance.')),
  ];
}

/** Nova's versioned objects keep their fields below `nova_object.data`. */
const InstancePayload = z.object({ 'nova_object.data': z.object({ uuid: id, tenant_id: projectId }) });

function versionedInstance({ eventType, payload, contextProjectId }: Notification): Reference[] {
  const { uuid, tenant_id } = readPayload(InstancePayload, payload, eventType)['nova_object.data'];
  return [object('server', uuid, tenant_id ?? contextProjectId, isDeletion(eventType, 'instance.'))];
}

const ComputeTask = z.union([
  z.object({ 'nova_object.data': z.object({ instance_uuid: id }) }),
  z.object({ instance_id: id }),
  z.object({ instance_properties: z.object({ uuid: id }) }),
]);

/** It does not name the server's project; the requester's may be another one. */
function computeTask({ eventType, payload }: Notification): Reference[] {
  const task = readPayload(ComputeTask, payload, eventType);
  if ('nova_object.data' in task)
    return [object('server', task['nova_object.data'].instance_uuid, undefined, false)];
  const serverId = 'instance_id' in task ? task.instance_id : task.instance_properties.uuid;
  return [object('server', serverId, undefined, false)];
}

/** heat/engine/notification/stack.py: root and nested stacks alike. */
const StackPayload = z.object({ stack_identity: id, tenant_id: projectId });

function stack({ eventType, payload, contextProjectId }: Notification): Reference[] {
  const { stack_identity, tenant_id } = readPayload(StackPayload, payload, eventType);
  return [
    {
      kind: 'stack',
      id: stackIdOf(stack_identity),
      projectId: (tenant_id ?? contextProjectId) as ProjectId | undefined,
      deleted: isDeletion(eventType, 'orchestration.stack.'),
    },
  ];
}

/** Old Heats give the whole identifier, an ARN that ends in `stacks/<name>/<id>`. */
function stackIdOf(identity: string): StackId {
  return identity.slice(identity.lastIndexOf('/') + 1) as StackId;
}

/** cinder/volume/volume_utils.py, `_usage_from_volume`: what is being done to a volume, and `exists`. */
const VolumePayload = z.object({ volume_id: id, tenant_id: projectId });

function volume({ eventType, payload, contextProjectId }: Notification): Reference[] {
  const { volume_id, tenant_id } = readPayload(VolumePayload, payload, eventType);
  return [object('volume', volume_id, tenant_id ?? contextProjectId, isDeletion(eventType, 'volume.'))];
}

/** neutron/pecan_wsgi/hooks/notifier.py: what was made or changed, several where one request was for several. */
const NetworkItem = z.object({ id, project_id: projectId, tenant_id: projectId });
const NetworkPayload = z.union([
  z.object({ networks: z.array(NetworkItem) }).transform(({ networks }) => networks),
  z.object({ network: NetworkItem }).transform((payload) => [payload.network]),
  // The end of a deletion may name it by its id alone.
  z.object({ network_id: id }).transform(({ network_id }) => [{ id: network_id }]),
]);

function network({ eventType, payload, contextProjectId }: Notification): Reference[] {
  if (!isDone(eventType)) return [];
  return readPayload(NetworkPayload, payload, eventType).map((item: z.infer<typeof NetworkItem>) => {
    const project = item.project_id ?? item.tenant_id ?? contextProjectId;
    return object('network', item.id, project, isDeletion(eventType, 'network.'));
  });
}

/** What a port is plugged into: only those of servers show, as addresses. */
const PortItem = z.object({
  device_owner: z.string().nullish(),
  device_id: z.string().nullish(),
  project_id: projectId,
  tenant_id: projectId,
});
const PortPayload = z.union([
  z.object({ ports: z.array(PortItem) }).transform(({ ports }) => ports),
  z.object({ port: PortItem }).transform((payload) => [payload.port]),
  z.object({}).transform((): z.infer<typeof PortItem>[] => []),
]);

function port({ eventType, payload, contextProjectId }: Notification): Reference[] {
  if (!isDone(eventType)) return [];
  return readPayload(PortPayload, payload, eventType).flatMap((item) =>
    item.device_owner?.startsWith('compute:') && item.device_id
      ? [object('server', item.device_id, item.project_id ?? item.tenant_id ?? contextProjectId, false)]
      : [],
  );
}

/** Who it leads to Neutron says since Rocky (`fip-port-details`); who it has led to it never says. */
const FloatingIp = z.object({
  floating_ip_address: id,
  project_id: projectId,
  tenant_id: projectId,
  port_details: z
    .object({ device_owner: z.string().nullish(), device_id: z.string().nullish() })
    .nullish()
    .catch(undefined),
});
const FloatingIpPayload = z.union([
  z.object({ floatingips: z.array(FloatingIp) }).transform(({ floatingips }) => floatingips),
  z.object({ floatingip: FloatingIp }).transform(({ floatingip }) => [floatingip]),
  // The end of a deletion may name it by its id alone: Neutron deletes none that is still in use without taking it away first.
  z.object({ floatingip_id: id }).transform((): z.infer<typeof FloatingIp>[] => []),
]);

function floatingIp({ eventType, payload, contextProjectId }: Notification): Reference[] {
  if (!isDone(eventType)) return [];
  return readPayload(FloatingIpPayload, payload, eventType).map((item) => {
    const { device_owner, device_id } = item.port_details ?? {};
    const leadsTo = device_owner?.startsWith('compute:') && device_id ? device_id : undefined;
    return {
      kind: 'floating-ip',
      id: item.floating_ip_address,
      projectId: (item.project_id ?? item.tenant_id ?? contextProjectId) as ProjectId | undefined,
      deleted: false,
      serverId: isDeletion(eventType, 'floatingip.') ? undefined : (leadsTo as ServerId | undefined),
    };
  });
}

/** Neutron announces a request before it has an id, and again when it is done. */
function isDone(eventType: string): boolean {
  return eventType.endsWith('.end');
}

function object(kind: Kind, objectId: string, project: string | undefined, deleted: boolean): Reference {
  return { kind, id: objectId, projectId: project, deleted } as Reference;
}

/** `soft_delete` is none: such a server can be had back. */
function isDeletion(eventType: string, prefix: string): boolean {
  const verb = eventType.slice(prefix.length);
  return verb === 'delete.end' || verb === 'force_delete.end';
}

function readPayload<T>(schema: z.ZodType<T>, payload: unknown, eventType: string): T {
  const read = schema.safeParse(payload);
  if (read.success) return read.data;
  throw new UnreadableMessageError(`${eventType} does not say which object it is about`);
}
