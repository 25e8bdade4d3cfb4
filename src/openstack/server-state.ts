/** What a server is and what is being done to it, in Nova's own words. */
export interface ServerState {
  readonly vmState: string;
  readonly taskState: string | null;
}

/**
 * The states behind a server's `status`, for clouds whose policy hides them. Nova makes `status` from these two
 * (nova/api/openstack/common.py, `_STATE_MAP`); where several task states give one status the first stands for all.
 */
const statesOf: Readonly<Record<string, ServerState>> = {
  ACTIVE: { vmState: 'active', taskState: null },
  BUILD: { vmState: 'building', taskState: null },
  DELETED: { vmState: 'deleted', taskState: null },
  ERROR: { vmState: 'error', taskState: null },
  HARD_REBOOT: { vmState: 'active', taskState: 'rebooting_hard' },
  MIGRATING: { vmState: 'active', taskState: 'migrating' },
  PASSWORD: { vmState: 'active', taskState: 'updating_password' },
  PAUSED: { vmState: 'paused', taskState: null },
  REBOOT: { vmState: 'active', taskState: 'rebooting' },
  REBUILD: { vmState: 'active', taskState: 'rebuilding' },
  RESCUE: { vmState: 'rescued', taskState: null },
  RESIZE: { vmState: 'active', taskState: 'resize_migrating' },
  REVERT_RESIZE: { vmState: 'resized', taskState: 'resize_reverting' },
  SHELVED: { vmState: 'shelved', taskState: null },
  SHELVED_OFFLOADED: { vmState: 'shelved_offloaded', taskState: null },
  SHUTOFF: { vmState: 'stopped', taskState: null },
  SOFT_DELETED: { vmState: 'soft-delete', taskState: null },
  SUSPENDED: { vmState: 'suspended', taskState: null },
  VERIFY_RESIZE: { vmState: 'resized', taskState: null },
};

/** The states that a `status` stands for; of one that is not known, the text itself in lower case. */
export function stateOfStatus(status: string): ServerState {
  return statesOf[status] ?? { vmState: status.toLowerCase(), taskState: null };
}
