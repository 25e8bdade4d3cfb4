import type { DeliveredMessage, NotificationReceiver, NotificationSource } from '../notifications/source.ts';
import { isoTime } from '../runtime/clock.ts';
import type { Volume } from './cloud/block-storage.ts';
import type { Cloud, CloudEvent } from './cloud/cloud.ts';
import type { Server } from './cloud/compute.ts';
import { Ids, randomFor } from './cloud/ids.ts';
import type { KeyPairEvent } from './cloud/key-pairs.ts';
import type { FloatingIpEvent, NetworkEvent } from './cloud/network.ts';
import { type Stack, statusOf } from './cloud/stack.ts';
import { seconds } from './openstack/times.ts';

/** The exchanges of the services that announce something. */
export const exchanges = ['nova', 'heat', 'cinder', 'neutron'] as const;

/** A message as a service puts it on its exchange. */
export interface EmittedMessage {
  readonly exchange: (typeof exchanges)[number];
  readonly routingKey: string;
  /** oslo.messaging's envelope 2.0, in JSON. */
  readonly body: string;
}

/** Has `emit` get the notifications of all that happens in the cloud from now on; the returned function ends that. */
export function announce(cloud: Cloud, emit: (message: EmittedMessage) => void): () => void {
  const ids = new Ids(randomFor(cloud.options.seed, 'notifications'));
  return cloud.onEvent((event) => emit(messageOf(event, { now: cloud.timeline.now(), ids })));
}

/** The notifications of a sandbox's clouds for a service in the same process: no broker, nothing to lose. */
export class InMemoryNotifications implements NotificationSource {
  readonly #clouds: readonly Cloud[];

  constructor(...clouds: readonly Cloud[]) {
    this.#clouds = clouds;
  }

  async run(receiver: NotificationReceiver, signal: AbortSignal): Promise<void> {
    const deliveries: Promise<unknown>[] = [];
    const deliver = ({ exchange, routingKey, body }: EmittedMessage) => {
      const bytes = Buffer.from(body);
      const message: DeliveredMessage = { exchange, routingKey, body: bytes, bodySize: bytes.length };
      deliveries.push(receiver.receive(message));
    };
    const stops = this.#clouds.map((cloud) => announce(cloud, deliver));
    receiver.listening();
    await new Promise((resolve) => {
      if (signal.aborted) resolve(undefined);
      signal.addEventListener('abort', resolve, { once: true });
    });
    for (const stop of stops) stop();
    receiver.deaf();
    await Promise.all(deliveries);
  }
}

interface Moment {
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly ids: Ids;
}

/** In the shape of Nova's unversioned and of the others' notifications, as services of the sandbox's age send them. */
export function messageOf(event: CloudEvent, moment: Moment): EmittedMessage {
  const priority = event.type.endsWith('.error') ? 'error' : 'info';
  const { exchange, publisher, projectId, payload } = contentOf(event);
  const notification = {
    message_id: moment.ids.uuid(),
    publisher_id: publisher,
    event_type: event.type,
    priority: priority.toUpperCase(),
    payload,
    timestamp: `${isoTime(moment.now).slice(0, 23).replace('T', ' ')}000`,
    _unique_id: moment.ids.uuid().replaceAll('-', ''),
    _context_project_id: projectId,
    _context_request_id: `req-${moment.ids.uuid()}`,
  };
  return {
    exchange,
    routingKey: `notifications.${priority}`,
    body: JSON.stringify({ 'oslo.version': '2.0', 'oslo.message': JSON.stringify(notification) }),
  };
}

/** Which service says what. */
function contentOf(event: CloudEvent): {
  readonly exchange: EmittedMessage['exchange'];
  readonly publisher: string;
  readonly projectId: string | undefined;
  readonly payload: object;
} {
  if ('stack' in event) {
    const { stack } = event;
    const { projectId } = stack;
    return {
      exchange: 'heat',
      publisher: 'orchestration.controller',
      projectId,
      payload: stackPayload(stack),
    };
  }
  if ('keyPair' in event) {
    const { projectId } = event;
    return { exchange: 'nova', publisher: 'api.controller', projectId, payload: keyPairPayload(event) };
  }
  if ('volume' in event) {
    const { volume } = event;
    return {
      exchange: 'cinder',
      publisher: 'volume.node@fake',
      projectId: volume.projectId,
      payload: volumePayload(volume),
    };
  }
  if ('network' in event) {
    return {
      exchange: 'neutron',
      publisher: 'network.node',
      projectId: event.network.projectId,
      payload: networkPayload(event),
    };
  }
  if ('floatingIp' in event) {
    return {
      exchange: 'neutron',
      publisher: 'network.node',
      projectId: event.floatingIp.projectId,
      payload: floatingIpPayload(event),
    };
  }
  const { server, type } = event;
  const { projectId } = server;
  return {
    exchange: 'nova',
    publisher: publisherOf(server),
    projectId,
    payload: instancePayload(type, server),
  };
}

const publisherOf = ({ host }: Server) => (host === null ? 'conductor.controller' : `compute.${host}`);

function instancePayload(type: string, server: Server) {
  const { flavor } = server;
  const times = {
    created_at: `${isoTime(server.createdAt).slice(0, 19).replace('T', ' ')}+00:00`,
    terminated_at: precise(server.terminatedAt),
    deleted_at: server.deleted ? precise(server.updatedAt) : '',
    launched_at: precise(server.launchedAt),
  };
  const state = { state: server.vmState, state_description: server.taskState ?? '', progress: '' };
  const common = {
    tenant_id: server.projectId,
    user_id: server.userId,
    instance_id: server.id,
    display_name: server.name,
    reservation_id: `r-${server.id.slice(0, 8)}`,
    hostname: server.name,
    instance_type: flavor.name,
    instance_type_id: server.number,
    instance_flavor_id: flavor.id,
    architecture: null,
    memory_mb: flavor.ram,
    disk_gb: flavor.disk,
    vcpus: flavor.vcpus,
    root_gb: flavor.disk,
    ephemeral_gb: 0,
    host: server.host,
    node: server.host,
    availability_zone: 'nova',
    cell_name: '',
    ...times,
    image_ref_url: `http://127.0.0.1:9292/images/${server.imageId}`,
    os_type: null,
    kernel_id: '',
    ramdisk_id: '',
    ...state,
    access_ip_v4: null,
    access_ip_v6: null,
    image_meta: { min_ram: '0', min_disk: '1', base_image_ref: server.imageId },
    metadata: server.metadata,
  };
  if (!type.endsWith('.update')) return common;
  const { vmState, taskState } = server;
  return {
    ...common,
    old_state: vmState,
    old_task_state: taskState,
    new_task_state: taskState,
    audit_period_beginning: precise(server.createdAt),
    audit_period_ending: precise(server.updatedAt),
  };
}

/** nova/compute/api.py, `KeypairAPI._notify` */
function keyPairPayload({ keyPair, projectId }: KeyPairEvent) {
  return { tenant_id: projectId ?? null, user_id: keyPair.userId, key_name: keyPair.name };
}

function stackPayload(stack: Stack) {
  return {
    tenant_id: stack.projectId,
    user_id: stack.owner,
    user_identity: stack.ownerId,
    username: stack.owner,
    stack_identity: stack.id,
    stack_name: stack.name,
    state: statusOf(stack),
    state_reason: stack.reason,
    create_at: seconds(stack.createdAt),
    tags: stack.tags ?? [],
    updated_at: seconds(stack.updatedAt),
    description: stack.template?.description ?? 'No description',
  };
}

/** cinder/volume/volume_utils.py, `_usage_from_volume` */
function volumePayload(volume: Volume) {
  return {
    tenant_id: volume.projectId,
    host: 'node@fake#fake',
    user_id: volume.userId,
    availability_zone: volume.availabilityZone,
    volume_id: volume.id,
    volume_type: null,
    display_name: volume.name,
    launched_at: precise(volume.createdAt),
    created_at: precise(volume.createdAt),
    status: volume.status,
    snapshot_id: null,
    size: volume.size,
    replication_status: null,
    metadata: [],
    volume_attachment: volume.attachments.map(({ serverId }) => ({ instance_uuid: serverId })),
  };
}

/** neutron/pecan_wsgi/hooks/notifier.py: the end of a deletion names the network by its id first. */
function networkPayload({ type, network }: NetworkEvent) {
  const body = {
    id: network.id,
    name: network.name,
    tenant_id: network.projectId,
    admin_state_up: network.adminStateUp,
    mtu: network.mtu,
    status: network.status,
    shared: network.isShared,
    project_id: network.projectId,
  };
  return { ...(type === 'network.delete.end' ? { network_id: network.id } : {}), network: body };
}

/** `floatingip.update.end` has the whole floating IP; after a disassociation it does not name the port that had it. */
function floatingIpPayload({ floatingIp, serverId, fixed }: FloatingIpEvent) {
  const { id, address, projectId, portId } = floatingIp;
  const port = {
    name: '',
    mac_address: fixed.mac,
    admin_state_up: true,
    status: 'ACTIVE',
    device_id: serverId,
    device_owner: 'compute:nova',
  };
  return {
    floatingip: {
      id,
      tenant_id: projectId,
      floating_ip_address: address,
      port_id: portId,
      fixed_ip_address: serverId ? fixed.address : null,
      status: serverId ? 'DOWN' : 'ACTIVE',
      description: '',
      port_details: serverId ? port : null,
      tags: [],
      project_id: projectId,
    },
  };
}

/** `2026-11-22T19:16:02.880000`, in UTC without saying so; empty for a time that has not come. */
function precise(ms: number | undefined): string {
  return ms === undefined ? '' : `${isoTime(ms).slice(0, 23)}000`;
}
