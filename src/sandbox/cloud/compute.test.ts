import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../../test/support/manual-clock.ts';
import { Compute, type Server, WrongServerState } from './compute.ts';
import { type ServerVerb, serverActions } from './compute-actions.ts';
import { Ids, randomFor } from './ids.ts';
import { Timeline } from './timeline.ts';

const small = { id: '1', name: 'small', vcpus: 1, ram: 512, disk: 1 };
const large = { id: '2', name: 'large', vcpus: 4, ram: 4_096, disk: 0 };

function start(pace = 1) {
  const clock = new ManualClock();
  const timeline = new Timeline(clock, pace);
  const events: string[] = [];
  const compute = new Compute({
    timeline,
    ids: new Ids(randomFor(1, 'compute')),
    hosts: 2,
    keepDeletedMs: 60_000,
    onEvent: ({ type }) => events.push(type.replace('compute.instance.', '')),
    onChange: () => {},
  });
  const flavor = compute.addFlavor(small);
  compute.addFlavor(large);
  const draft = {
    name: 'web',
    projectId: 'project',
    userId: 'user',
    flavor,
    addresses: [
      { network: 'net', address: '10.0.0.1', version: 4, type: 'fixed', mac: 'fa:16:3e:00:00:01' },
    ] as const,
  };
  const active = () => compute.addActiveServer(draft, clock.now() - 60_000);
  /** The states that a server goes through from now on, as they follow each other. */
  const watch = (server: Server, forMs = 10_000) => {
    const states: string[] = [];
    for (let passed = 0; passed <= forMs; passed += 50, clock.advance(50)) {
      timeline.catchUp();
      const state = server.taskState === null ? server.vmState : `${server.vmState}/${server.taskState}`;
      if (states.at(-1) !== state) states.push(state);
    }
    return states;
  };
  return { clock, timeline, compute, events, draft, active, watch };
}

describe('every verb goes through the states that a real Nova showed', () => {
  test('create', () => {
    const { compute, draft, watch } = start();

    const server = compute.createServer(draft);

    expect(server).toMatchObject({ host: null, addresses: [], powerState: 0 });
    expect(watch(server)).toEqual([
      'building/scheduling',
      'building',
      'building/block_device_mapping',
      'building/spawning',
      'active',
    ]);
    expect(server).toMatchObject({ host: 'compute-2', addresses: draft.addresses, powerState: 1 });
  });

  const verbs: [verb: ServerVerb, from: string, states: string[]][] = [
    ['stop', 'active', ['active/powering-off', 'stopped']],
    ['start', 'stopped', ['stopped/powering-on', 'active']],
    ['suspend', 'active', ['active/suspending', 'suspended']],
    ['resume', 'suspended', ['suspended/resuming', 'active']],
    ['pause', 'active', ['active/pausing', 'paused']],
    ['unpause', 'paused', ['paused/unpausing', 'active']],
    ['reboot', 'active', ['active/rebooting', 'active/reboot_pending', 'active']],
    ['hardReboot', 'error', ['error/rebooting_hard', 'error/reboot_pending_hard', 'active']],
    ['confirmResize', 'resized', ['resized', 'active']],
    ['shelve', 'active', ['active/shelving', 'shelved/shelving_offloading', 'shelved_offloaded']],
    [
      'unshelve',
      'shelved_offloaded',
      ['shelved_offloaded/unshelving', 'shelved_offloaded/spawning', 'active'],
    ],
  ];
  test.each(verbs)('%s from %s', (verb, from, states) => {
    const { compute, active, watch } = start();
    const server = active();
    compute.setServerState(server.id, { vmState: from });

    compute.act(server.id, verb);

    expect(watch(server)).toEqual(states);
  });

  test('resize, which changes the flavor shortly before its end, and its reversal', () => {
    const { compute, active, watch } = start();
    const server = active();

    compute.resizeServer(server.id, compute.addFlavor(large));
    expect(watch(server)).toEqual([
      'active/resize_prep',
      'active/resize_migrating',
      'active/resize_migrated',
      'active/resize_finish',
      'resized',
    ]);
    expect(server.flavor.name).toBe('large');

    compute.act(server.id, 'revertResize');
    expect(watch(server)).toEqual(['resized/resize_reverting', 'active']);
    expect(server.flavor.name).toBe('small');
  });

  test('delete, from any state and over whatever else is under way', () => {
    const { compute, draft, watch } = start();
    const server = compute.createServer(draft);

    compute.deleteServer(server.id);

    expect(watch(server)).toEqual(['building/deleting', 'deleted']);
    expect(compute.server(server.id)).toBeUndefined();
  });
});

describe('what Nova refuses', () => {
  test('a verb in a vm_state that does not allow it, in its words', () => {
    const { compute, active } = start();
    const server = active();

    expect(() => compute.act(server.id, 'start')).toThrow(
      `Cannot 'start' instance ${server.id} while it is in vm_state active`,
    );
    expect(() => compute.act(server.id, 'confirmResize')).toThrow(WrongServerState);
  });

  test('a verb while another one is under way', () => {
    const { compute, active } = start();
    const server = active();
    compute.act(server.id, 'stop');

    expect(() => compute.act(server.id, 'stop')).toThrow(
      `Cannot 'stop' instance ${server.id} while it is in task_state powering-off`,
    );
  });

  test('a resize that cannot be begun leaves nothing behind', () => {
    const { compute, active } = start();
    const server = active();
    compute.setServerState(server.id, { vmState: 'paused' });

    expect(() => compute.resizeServer(server.id, compute.addFlavor(large))).toThrow(WrongServerState);
    expect(server.otherFlavor).toBeUndefined();
  });
});

describe('a server that fails', () => {
  test('says why, and what was under way with it does not go on', () => {
    const { compute, active, watch } = start();
    const server = active();
    compute.act(server.id, 'stop');

    compute.failServer(server.id, 'The hypervisor does not answer.');

    expect(watch(server)).toEqual(['error']);
    expect(server.fault?.message).toBe('The hypervisor does not answer.');
  });

  test('on its way up never has a host or an address', () => {
    const { compute, draft, watch } = start();

    const server = compute.createServer({ ...draft, failure: 'No valid host was found. ' });

    expect(watch(server)).toEqual(['building/scheduling', 'error']);
    expect(server).toMatchObject({ host: null, addresses: [], launchedAt: undefined });
  });
});

describe('what is listed', () => {
  test('deleted servers only on demand, and after a while no more', () => {
    const { compute, clock, timeline, active } = start(0);
    const [kept, gone] = [active(), active()];

    compute.deleteServer(gone.id);

    expect([...compute.servers({ projectId: 'project' })]).toEqual([kept]);
    expect(new Set(compute.servers({ deleted: true }))).toEqual(new Set([kept, gone]));
    expect(compute.anyServer(gone.id)).toBe(gone);

    clock.advance(60_000);
    timeline.catchUp();
    expect([...compute.servers({ deleted: true })]).toEqual([kept]);
    expect(compute.anyServer(gone.id)).toBeUndefined();
  });

  test('a server is a member of its group as long as it is there', () => {
    const { compute, draft } = start(0);
    const group = compute.createGroup({
      name: 'g',
      policy: 'affinity',
      projectId: 'project',
      userId: 'user',
    });

    const server = compute.createServer({ ...draft, groupIds: [group.id] });
    expect([...group.members]).toEqual([server.id]);

    compute.deleteServer(server.id);
    expect([...group.members]).toEqual([]);
  });

  test('every change of the row moves `updatedAt` and drops the text that was made of the server', () => {
    const { compute, clock, active } = start();
    const server = active();
    for (const change of [
      () => compute.renameServer(server.id, 'other'),
      () => compute.setServerState(server.id, { vmState: 'stopped' }),
      () => compute.act(server.id, 'start'),
    ]) {
      clock.advance(1_000);
      server.json = { view: 'any', text: 'old' };

      change();

      expect(server).toMatchObject({ updatedAt: clock.now(), json: undefined });
    }
  });

  test('addresses and attached volumes are in other rows: `updatedAt` stays', () => {
    const { compute, clock, active } = start();
    const server = active();
    const { updatedAt } = server;
    for (const change of [
      () => compute.setServerAddresses(server.id, []),
      () => compute.refreshServerAddresses(server.id, []),
      () => compute.setServerVolumes(server.id, []),
    ]) {
      clock.advance(1_000);
      server.json = { view: 'any', text: 'old' };

      change();

      expect(server).toMatchObject({ updatedAt, json: undefined });
    }
  });
});

test('each verb is announced where it begins and where it ends, in the words of the notifications', () => {
  const { compute, active, events, draft } = start(0);
  compute.createServer(draft);
  const server = active();

  for (const verb of ['stop', 'start', 'suspend', 'resume', 'delete'] as const) compute.act(server.id, verb);

  expect(events.join(' ')).toBe(
    'create.start create.end power_off.start power_off.end power_on.start power_on.end ' +
      'suspend.start suspend.end resume.start resume.end delete.start delete.end',
  );
});

test('no verb leaves a task behind', () => {
  for (const [verb, action] of Object.entries(serverActions)) {
    const last = action.steps.at(-1);
    expect(last, verb).toBeDefined();
    expect(last, verb).not.toHaveProperty('taskState');
  }
});
