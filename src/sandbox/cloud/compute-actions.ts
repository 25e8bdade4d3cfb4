/** What Nova does to a server, step by step, as it was seen on a small cloud: times in ms from the request. */

/** Nova's power states: https://docs.openstack.org/nova/latest/reference/vm-states.html */
export const powerStates = { none: 0, running: 1, paused: 3, shutdown: 4 } as const;

export interface ServerStep {
  readonly atMs: number;
  readonly vmState?: string;
  /** Left out: null, nothing is being done any more. */
  readonly taskState?: string;
  readonly powerState?: number;
  /** This step gives the server the flavor it is being resized to. */
  readonly switchesFlavor?: boolean;
}

export interface ServerAction {
  /** As errors call it: Cannot 'start' instance. */
  readonly name: string;
  /** The `vm_state`s that allow it; undefined: any. */
  readonly from: readonly string[] | undefined;
  readonly steps: readonly ServerStep[];
  /** As in the notifications: `compute.instance.<event>.start` and `.end`. */
  readonly event: string;
}

const { running, paused, shutdown, none } = powerStates;

/** From the request to ACTIVE. Its first state is the server's own at birth. */
export const build: ServerAction = {
  name: 'create',
  from: undefined,
  event: 'create',
  steps: [
    { atMs: 400 },
    { atMs: 700, taskState: 'block_device_mapping' },
    { atMs: 900, taskState: 'spawning' },
    { atMs: 2_500, vmState: 'active', powerState: running },
  ],
};

export const serverActions = {
  start: {
    name: 'start',
    from: ['stopped'],
    event: 'power_on',
    steps: [
      { atMs: 0, taskState: 'powering-on' },
      { atMs: 800, vmState: 'active', powerState: running },
    ],
  },
  stop: {
    name: 'stop',
    from: ['active', 'error'],
    event: 'power_off',
    steps: [
      { atMs: 0, taskState: 'powering-off' },
      { atMs: 900, vmState: 'stopped', powerState: shutdown },
    ],
  },
  pause: {
    name: 'pause',
    from: ['active'],
    event: 'pause',
    steps: [
      { atMs: 0, taskState: 'pausing' },
      { atMs: 300, vmState: 'paused', powerState: paused },
    ],
  },
  unpause: {
    name: 'unpause',
    from: ['paused'],
    event: 'unpause',
    steps: [
      { atMs: 0, taskState: 'unpausing' },
      { atMs: 300, vmState: 'active', powerState: running },
    ],
  },
  suspend: {
    name: 'suspend',
    from: ['active'],
    event: 'suspend',
    steps: [
      { atMs: 0, taskState: 'suspending' },
      { atMs: 500, vmState: 'suspended', powerState: shutdown },
    ],
  },
  resume: {
    name: 'resume',
    from: ['suspended'],
    event: 'resume',
    steps: [
      { atMs: 0, taskState: 'resuming' },
      { atMs: 800, vmState: 'active', powerState: running },
    ],
  },
  reboot: {
    name: 'reboot',
    from: ['active'],
    event: 'reboot',
    steps: [
      { atMs: 0, taskState: 'rebooting' },
      { atMs: 1_100, taskState: 'reboot_pending' },
      { atMs: 1_300, vmState: 'active', powerState: running },
    ],
  },
  hardReboot: {
    name: 'reboot',
    from: ['active', 'stopped', 'paused', 'suspended', 'error'],
    event: 'reboot',
    steps: [
      { atMs: 0, taskState: 'rebooting_hard' },
      { atMs: 1_100, taskState: 'reboot_pending_hard' },
      { atMs: 1_300, vmState: 'active', powerState: running },
    ],
  },
  resize: {
    name: 'resize',
    from: ['active', 'stopped'],
    event: 'resize.prep',
    steps: [
      { atMs: 0, taskState: 'resize_prep' },
      { atMs: 2_100, taskState: 'resize_migrating' },
      { atMs: 2_400, taskState: 'resize_migrated' },
      { atMs: 3_500, taskState: 'resize_finish', switchesFlavor: true },
      { atMs: 4_100, vmState: 'resized' },
    ],
  },
  confirmResize: {
    name: 'confirmResize',
    from: ['resized'],
    event: 'resize.confirm',
    steps: [{ atMs: 1_200, vmState: 'active' }],
  },
  revertResize: {
    name: 'revertResize',
    from: ['resized'],
    event: 'resize.revert',
    steps: [
      { atMs: 0, taskState: 'resize_reverting' },
      { atMs: 1_600, taskState: 'resize_reverting', switchesFlavor: true },
      { atMs: 2_700, vmState: 'active' },
    ],
  },
  shelve: {
    name: 'shelve',
    from: ['active', 'stopped', 'paused', 'suspended'],
    event: 'shelve',
    steps: [
      { atMs: 0, taskState: 'shelving' },
      { atMs: 400, vmState: 'shelved', taskState: 'shelving_offloading', powerState: shutdown },
      { atMs: 700, vmState: 'shelved_offloaded', powerState: shutdown },
    ],
  },
  unshelve: {
    name: 'unshelve',
    from: ['shelved', 'shelved_offloaded'],
    event: 'unshelve',
    steps: [
      { atMs: 0, taskState: 'unshelving' },
      { atMs: 400, taskState: 'spawning' },
      { atMs: 2_100, vmState: 'active', powerState: running },
    ],
  },
  delete: {
    name: 'delete',
    from: undefined,
    event: 'delete',
    steps: [
      { atMs: 0, taskState: 'deleting' },
      { atMs: 1_000, vmState: 'deleted', powerState: none },
    ],
  },
} as const satisfies Record<string, ServerAction>;

export type ServerVerb = keyof typeof serverActions;
