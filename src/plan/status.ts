import type { PortalProfile } from '../concertim/profile.ts';
import type { DeviceStatus, RackStatus } from '../concertim/statuses.ts';
import type { Kind, Network, ObjectOfKind, Server, Volume } from '../openstack/model.ts';

/** What a status is when the cloud's own state is not one we know: the portal keeps what it shows. */
export const unknownState = 'unknown';
/** The object is gone for good: it is no longer part of the picture. */
export const deletedState = 'deleted';

/** A device's status from the cloud's own state. */
type ObjectStatus = DeviceStatus | typeof deletedState | typeof unknownState;

/** Nova's vm_states (nova/compute/vm_states.py), as what they are while nothing is being done to the server. */
const restingStatus = {
  active: 'ACTIVE',
  building: 'IN_PROGRESS',
  paused: 'SUSPENDED',
  suspended: 'SUSPENDED',
  stopped: 'STOPPED',
  rescued: 'ACTIVE',
  resized: 'ACTIVE',
  'soft-delete': 'STOPPED',
  shelved: 'STOPPED',
  shelved_offloaded: 'STOPPED',
  error: 'FAILED',
  deleted: deletedState,
} as const satisfies Record<string, DeviceStatus | typeof deletedState>;

/**
 * Nova's task_states (nova/compute/task_states.py) that leave the server as it is: pictures taken of it, a password
 * changed. Every other one changes its power or its place; one that Nova has yet to invent counts as such.
 */
const harmlessTasks = new Set([
  'image_snapshot',
  'image_snapshot_pending',
  'image_pending_upload',
  'image_uploading',
  'image_backup',
  'image_quiesced',
  'image_unquiesced',
  'updating_password',
]);

/** A device's status from its server's vm_state and task_state; first match wins. */
export function deviceStatus(server: Pick<Server, 'vmState' | 'taskState'>): ObjectStatus {
  const resting = Object.hasOwn(restingStatus, server.vmState)
    ? restingStatus[server.vmState as keyof typeof restingStatus]
    : unknownState;
  if (resting === 'FAILED' || resting === deletedState || resting === unknownState) return resting;
  if (server.taskState !== null && !harmlessTasks.has(server.taskState)) return 'IN_PROGRESS';
  return resting;
}

/** Cinder's statuses of a volume (cinder/objects/fields.py, and what its API reference adds). */
const volumeStatuses = {
  available: 'AVAILABLE',
  'in-use': 'ACTIVE',
  creating: 'IN_PROGRESS',
  reserved: 'IN_PROGRESS',
  attaching: 'IN_PROGRESS',
  detaching: 'IN_PROGRESS',
  deleting: 'IN_PROGRESS',
  maintenance: 'IN_PROGRESS',
  downloading: 'IN_PROGRESS',
  uploading: 'IN_PROGRESS',
  extending: 'IN_PROGRESS',
  retyping: 'IN_PROGRESS',
  migrating: 'IN_PROGRESS',
  'backing-up': 'IN_PROGRESS',
  'restoring-backup': 'IN_PROGRESS',
  'awaiting-transfer': 'IN_PROGRESS',
  managing: 'IN_PROGRESS',
  unmanaging: 'IN_PROGRESS',
  reverting: 'IN_PROGRESS',
  deleted: deletedState,
} as const satisfies Record<string, ObjectStatus>;

/** All error statuses of Cinder begin with `error`: `error_deleting`, `error_extending`, … */
function volumeStatus({ status }: Pick<Volume, 'status'>): ObjectStatus {
  if (/^error(_|$)/.test(status)) return 'FAILED';
  return Object.hasOwn(volumeStatuses, status)
    ? volumeStatuses[status as keyof typeof volumeStatuses]
    : unknownState;
}

/** Neutron's statuses of a network (neutron_lib/constants.py); first match wins. */
function networkStatus({ status, adminStateUp }: Pick<Network, 'status' | 'adminStateUp'>): ObjectStatus {
  if (status === 'BUILD') return 'IN_PROGRESS';
  if (status === 'ERROR') return 'FAILED';
  if (!adminStateUp || status === 'DOWN') return 'STOPPED';
  return status === 'ACTIVE' ? 'ACTIVE' : unknownState;
}

/** For each kind: the status of an object, and the field of its service that the status comes from. */
const states: {
  readonly [K in Kind]: {
    readonly status: (object: ObjectOfKind[K]) => ObjectStatus;
    readonly state: (object: ObjectOfKind[K]) => string;
  };
} = {
  server: { status: deviceStatus, state: ({ vmState }) => vmState },
  volume: { status: volumeStatus, state: ({ status }) => status },
  network: { status: networkStatus, state: ({ status }) => status },
};

/** The status of an object's device, for each kind. */
export function statusOf<K extends Kind>(object: ObjectOfKind[K] & { readonly kind: K }): ObjectStatus {
  return states[object.kind].status(object);
}

/** The state of an object as its service reports it. */
export function stateOf<K extends Kind>(object: ObjectOfKind[K] & { readonly kind: K }): string {
  return states[object.kind].state(object);
}

/**
 * A status that the release has: v0.2.1 has no SUSPENDED, v1.2.0 no AVAILABLE. Both become STOPPED there.
 */
export function permitted(status: DeviceStatus, kind: Kind, { statuses }: PortalProfile): DeviceStatus {
  return statuses[kind].includes(status) ? status : 'STOPPED';
}

/** A rack's status from its stack's `<ACTION>_<RESULT>`. */
export function rackStatus(stackStatus: string): RackStatus | typeof deletedState | typeof unknownState {
  if (stackStatus.endsWith('_IN_PROGRESS')) return 'IN_PROGRESS';
  if (stackStatus.endsWith('_FAILED')) return 'FAILED';
  switch (stackStatus) {
    case 'DELETE_COMPLETE':
      return deletedState;
    case 'SUSPEND_COMPLETE':
      return 'STOPPED';
    case 'ROLLBACK_COMPLETE':
      return 'FAILED';
    default:
      return stackStatus.endsWith('_COMPLETE') ? 'ACTIVE' : unknownState;
  }
}
