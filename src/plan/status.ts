import type { DeviceStatus, RackStatus } from '../concertim/statuses.ts';
import type { Server } from '../openstack/model.ts';

/** What a status is when the cloud's own state is not one we know: the portal keeps what it shows. */
export const unknownState = 'unknown';
/** The object is gone for good: it is no longer part of the picture. */
export const deletedState = 'deleted';

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
export function deviceStatus(
  server: Pick<Server, 'vmState' | 'taskState'>,
): DeviceStatus | typeof deletedState | typeof unknownState {
  const resting = Object.hasOwn(restingStatus, server.vmState)
    ? restingStatus[server.vmState as keyof typeof restingStatus]
    : unknownState;
  if (resting === 'FAILED' || resting === deletedState || resting === unknownState) return resting;
  if (server.taskState !== null && !harmlessTasks.has(server.taskState)) return 'IN_PROGRESS';
  return resting;
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
