import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../../scripts/command.ts';
import { network, volume } from '../../test/support/builders.ts';
import { profiles } from '../concertim/profile.ts';
import { deviceStatus, permitted, rackStatus, statusOf } from './status.ts';

/** All of nova/compute/vm_states.py. */
const vmStates = {
  active: 'ACTIVE',
  building: 'IN_PROGRESS',
  paused: 'SUSPENDED',
  suspended: 'SUSPENDED',
  stopped: 'STOPPED',
  rescued: 'ACTIVE',
  resized: 'ACTIVE',
  'soft-delete': 'STOPPED',
  deleted: 'deleted',
  error: 'FAILED',
  shelved: 'STOPPED',
  shelved_offloaded: 'STOPPED',
} as const;

/** All of nova/compute/task_states.py, by whether they change the power or the place of a server. */
const harmlessTasks = [
  'image_snapshot',
  'image_snapshot_pending',
  'image_pending_upload',
  'image_uploading',
  'image_backup',
  'updating_password',
];
const changingTasks = [
  'scheduling',
  'block_device_mapping',
  'networking',
  'spawning',
  'resize_prep',
  'resize_migrating',
  'resize_migrated',
  'resize_finish',
  'resize_reverting',
  'resize_confirming',
  'rebooting',
  'reboot_pending',
  'reboot_started',
  'rebooting_hard',
  'reboot_pending_hard',
  'reboot_started_hard',
  'pausing',
  'unpausing',
  'suspending',
  'resuming',
  'powering-off',
  'powering-on',
  'rescuing',
  'unrescuing',
  'rebuilding',
  'rebuild_block_device_mapping',
  'rebuild_spawning',
  'migrating',
  'deleting',
  'soft-deleting',
  'restoring',
  'shelving',
  'shelving_image_pending_upload',
  'shelving_image_uploading',
  'shelving_offloading',
  'unshelving',
];

/** The row that documents the states of servers for operators. */
const documented = readFileSync(join(root, 'docs/mapping.md'), 'utf8')
  .split('\n')
  .find((line) => line.startsWith('| status | `error` FAILED'));

test.each(Object.keys(vmStates).filter((vmState) => vmState !== 'deleted'))(
  'docs/mapping.md has the state %s',
  (vmState) => {
    expect(documented).toContain(`\`${vmState}\``);
  },
);

test.each(Object.entries(vmStates))('a server that is %s and left alone is %s', (vmState, status) => {
  expect(deviceStatus({ vmState, taskState: null })).toBe(status);
});

test.each(changingTasks)('an active server is in progress while Nova is %s', (taskState) => {
  expect(deviceStatus({ vmState: 'active', taskState })).toBe('IN_PROGRESS');
  expect(deviceStatus({ vmState: 'stopped', taskState })).toBe('IN_PROGRESS');
});

test.each(harmlessTasks)('%s leaves a server as it is', (taskState) => {
  for (const [vmState, status] of Object.entries(vmStates)) {
    expect(deviceStatus({ vmState, taskState })).toBe(status);
  }
});

test.each(changingTasks)(
  'a server in error has failed, and a deleted one is gone, also while %s',
  (taskState) => {
    expect(deviceStatus({ vmState: 'error', taskState })).toBe('FAILED');
    expect(deviceStatus({ vmState: 'deleted', taskState })).toBe('deleted');
  },
);

test('a task that Nova has yet to invent counts as a change', () => {
  expect(deviceStatus({ vmState: 'active', taskState: 'teleporting' })).toBe('IN_PROGRESS');
});

test.each(['dreaming', '', 'constructor', '__proto__', 'ACTIVE'])(
  'a state %j is none that we know',
  (vmState) => {
    expect(deviceStatus({ vmState, taskState: null })).toBe('unknown');
    expect(deviceStatus({ vmState, taskState: 'spawning' })).toBe('unknown');
  },
);

/** All of heat/engine/stack.py: ACTIONS and STATUSES. */
const heatActions = [
  'CREATE',
  'DELETE',
  'UPDATE',
  'ROLLBACK',
  'SUSPEND',
  'RESUME',
  'ADOPT',
  'SNAPSHOT',
  'CHECK',
  'RESTORE',
];
const completed: Readonly<Record<string, string>> = {
  DELETE: 'deleted',
  SUSPEND: 'STOPPED',
  ROLLBACK: 'FAILED',
};

test.each(heatActions)(
  'a stack on which %s is in progress is so, and one on which it failed has failed',
  (action) => {
    expect(rackStatus(`${action}_IN_PROGRESS`)).toBe('IN_PROGRESS');
    expect(rackStatus(`${action}_FAILED`)).toBe('FAILED');
  },
);

test.each(heatActions)('a stack on which %s is complete', (action) => {
  expect(rackStatus(`${action}_COMPLETE`)).toBe(completed[action] ?? 'ACTIVE');
});

test('an action that Heat has yet to invent goes by its result', () => {
  expect(rackStatus('DREAM_COMPLETE')).toBe('ACTIVE');
  expect(rackStatus('DREAM_IN_PROGRESS')).toBe('IN_PROGRESS');
});

test.each(['', 'COMPLETE', 'CREATE', 'create_complete'])(
  'a stack status %j is none that we know',
  (status) => {
    expect(rackStatus(status)).toBe('unknown');
  },
);

/**
 * All states of cinder/objects/fields.py (VolumeStatus), and those that Cinder's API reference adds, without
 * the errors.
 */
const volumeStatuses = {
  available: 'AVAILABLE',
  'in-use': 'ACTIVE',
  creating: 'IN_PROGRESS',
  deleting: 'IN_PROGRESS',
  managing: 'IN_PROGRESS',
  unmanaging: 'IN_PROGRESS',
  attaching: 'IN_PROGRESS',
  detaching: 'IN_PROGRESS',
  maintenance: 'IN_PROGRESS',
  'restoring-backup': 'IN_PROGRESS',
  reserved: 'IN_PROGRESS',
  'awaiting-transfer': 'IN_PROGRESS',
  'backing-up': 'IN_PROGRESS',
  downloading: 'IN_PROGRESS',
  uploading: 'IN_PROGRESS',
  retyping: 'IN_PROGRESS',
  extending: 'IN_PROGRESS',
  migrating: 'IN_PROGRESS',
  reverting: 'IN_PROGRESS',
  deleted: 'deleted',
};

test.each([
  ...Object.entries(volumeStatuses),
  ['error', 'FAILED'],
  ['error_backing-up', 'FAILED'],
  ['errors', 'unknown'],
  ['constructor', 'unknown'],
])('a volume that is %s is %s', (status, shown) => {
  expect(statusOf(volume({ status }))).toBe(shown);
});

test.each([
  ['ACTIVE', true, 'ACTIVE'],
  ['ACTIVE', false, 'STOPPED'],
  ['DOWN', true, 'STOPPED'],
  ['BUILD', false, 'IN_PROGRESS'],
  ['ERROR', false, 'FAILED'],
  ['DREAMING', true, 'unknown'],
])('a network that is %s, and up: %s, is %s', (status, adminStateUp, shown) => {
  expect(statusOf(network({ status, adminStateUp }))).toBe(shown);
});

test('a status that a release does not have is shown as stopped', () => {
  expect(permitted('SUSPENDED', 'server', profiles['0.2.1'])).toBe('STOPPED');
  expect(permitted('AVAILABLE', 'volume', profiles['1.2'])).toBe('STOPPED');
  expect(permitted('AVAILABLE', 'volume', profiles.main)).toBe('AVAILABLE');
});
