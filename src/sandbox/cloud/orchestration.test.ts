import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../../test/support/manual-clock.ts';
import { Cloud, type CloudOptions } from './cloud.ts';
import { type Stack, statusOf, treeOf } from './stack.ts';
import {
  nestedStack,
  plain,
  resourceGroup,
  type ServerTemplate,
  server,
  serverGroup,
  type Template,
} from './template.ts';

const started = Date.UTC(2026, 10, 22, 12);

function start(options: Partial<CloudOptions> = {}) {
  const clock = new ManualClock(started);
  const cloud = new Cloud({
    clock,
    seed: 1,
    pace: 1,
    tokenLifetimeS: 3_600,
    stackSchedulerHints: false,
    maxNestedStackDepth: 5,
    heatGlobalIndex: false,
    adminContext: true,
    microversion: '2.100',
    ...options,
  });
  const project = cloud.identity.createProject({ name: 'project' });
  const owner = cloud.identity.createUser({ name: 'owner', password: 'secret' });
  const { orchestration, compute } = cloud;
  const create = (template: Template, name = 'stack') =>
    orchestration.createStack({ name, project, owner, template });
  const pass = (ms: number) => {
    clock.advance(ms);
    cloud.advance();
  };
  return { clock, cloud, orchestration, compute, create, pass };
}

const flavor = { id: '1', name: 'small', vcpus: 1, ram: 512, disk: 1, isPublic: true };

function node(name: string, more: Partial<ServerTemplate> = {}) {
  return server({ name, flavor, addresses: [], imageId: 'image', ...more });
}

/** A server, a group, and members that are each a stack of their own: two levels down. */
function cluster(count = 2, more: Partial<ServerTemplate> = {}): Template {
  return {
    description: '',
    parameters: {},
    resources: {
      nodes: resourceGroup(count, (index) =>
        nestedStack('node.yaml', { port: plain('OS::Neutron::Port'), node: node(`node${index}`, more) }),
      ),
      gateway: node('gateway', { group: 'group' }),
      group: serverGroup('group', 'affinity'),
    },
    outputs: [{ key: 'servers', value: (servers) => servers.length || null }],
  };
}

const statuses = (stack: Stack) => treeOf(stack).map(statusOf).join(' ');
const serverStates = (stack: Stack, { orchestration }: ReturnType<typeof start>) =>
  orchestration.serversOf(stack).map(({ name, vmState }) => `${name} ${vmState}`);

describe('creating a stack', () => {
  test('servers are there, and Nova has them, before the stack is complete; nested stacks end before their root', () => {
    const like = start();
    const { create, pass, orchestration } = like;

    const stack = create(cluster());
    expect(statuses(stack)).toBe('CREATE_IN_PROGRESS');
    expect(orchestration.serversOf(stack)).toEqual([]);

    pass(2_000);
    expect(statuses(stack)).toBe(Array(4).fill('CREATE_IN_PROGRESS').join(' '));
    expect(serverStates(stack, like)).toEqual(['gateway building', 'node0 building', 'node1 building']);

    pass(6_000);
    expect(serverStates(stack, like)).toEqual(['gateway active', 'node0 active', 'node1 active']);
    expect(statuses(stack)).toBe('CREATE_IN_PROGRESS CREATE_COMPLETE CREATE_COMPLETE CREATE_COMPLETE');

    pass(1_000);
    expect(statuses(stack)).toBe(Array(4).fill('CREATE_COMPLETE').join(' '));
    expect(stack.updatedAt).toBeUndefined();
  });

  test('its outputs have no values before it is complete', () => {
    const { create, pass, orchestration } = start();
    const stack = create(cluster());

    pass(5_000);
    expect(orchestration.outputs(stack)).toMatchObject([{ key: 'servers', value: null }]);

    pass(5_000);
    expect(orchestration.outputs(stack)).toMatchObject([{ key: 'servers', value: 3 }]);
  });

  test('a server that never comes up makes each stack above it fail, with the way to it as the reason', () => {
    const { create, pass } = start();
    const stack = create(cluster(1, { failure: 'No valid host was found. ' }));

    pass(10_000);

    expect(statuses(stack)).toBe('CREATE_FAILED CREATE_FAILED CREATE_FAILED');
    expect(stack.reason).toBe(
      'Resource CREATE failed: ResourceInError: resources.nodes.resources.0.resources.node: Went to status ERROR due to "Message: No valid host was found. , Code: 500"',
    );
  });

  test('a server is placed with the group of its stack, in whatever order they are written down', () => {
    const { create, cloud, orchestration, compute } = start();
    const stack = create(cluster());
    cloud.settle();

    const gateway = orchestration.serversOf(stack).find(({ name }) => name === 'gateway');

    const [group] = compute.groups.values();
    expect(gateway?.groupIds).toEqual([group?.id]);
    expect([...(group?.members ?? [])]).toEqual([gateway?.id]);
  });

  test('with stack_scheduler_hints each server tells its root, however deep it is', () => {
    const { create, cloud, orchestration } = start({ stackSchedulerHints: true });
    const stack = create(cluster());
    cloud.settle();

    for (const { schedulerHints } of orchestration.serversOf(stack)) {
      expect(schedulerHints).toMatchObject({ heat_root_stack_id: [stack.id] });
    }
  });
});

describe('updating a stack', () => {
  test('a group grows by new members; the old ones stay as they are', () => {
    const like = start();
    const { create, cloud, orchestration, pass } = like;
    const stack = create(cluster());
    cloud.settle();
    const before = orchestration.serversOf(stack).map(({ id }) => id);

    orchestration.resizeGroup(stack.id, 'nodes', 4);
    expect(statusOf(stack)).toBe('UPDATE_IN_PROGRESS');
    pass(10_000);

    const after = orchestration.serversOf(stack);
    expect(after.map(({ name }) => name)).toEqual(['gateway', 'node0', 'node1', 'node2', 'node3']);
    expect(after.map(({ id }) => id)).toEqual(expect.arrayContaining(before));
    expect(statuses(stack)).toBe(
      'UPDATE_COMPLETE UPDATE_COMPLETE CREATE_COMPLETE CREATE_COMPLETE CREATE_COMPLETE CREATE_COMPLETE',
    );
    expect(stack.updatedAt).toBe(started);
    expect(stack.resources[0]?.nested?.updatedAt).toBe(started + 2_000);
  });

  test('a group that shrinks loses its last members, with their stacks and servers', () => {
    const { create, cloud, orchestration, compute } = start();
    const stack = create(cluster(3));
    cloud.settle();

    orchestration.resizeGroup(stack.id, 'nodes', 1);
    cloud.settle();

    expect(orchestration.serversOf(stack).map(({ name }) => name)).toEqual(['gateway', 'node0']);
    expect(compute.serverCount).toBe(2);
    expect([...orchestration.stacks()]).toHaveLength(3);
  });

  test('an output that gets another value is an update', () => {
    const { create, cloud, orchestration, pass } = start();
    const stack = create(cluster());
    cloud.settle();
    pass(60_000);

    orchestration.setOutput(stack.id, 'servers', 'many');

    expect(orchestration.outputs(stack)).toMatchObject([{ value: 'many' }]);
    expect(stack).toMatchObject({ action: 'UPDATE', result: 'COMPLETE', updatedAt: started + 60_000 });
  });
});

describe('suspending and resuming', () => {
  test('takes the servers of the whole tree along and leaves `updatedAt` alone', () => {
    const like = start();
    const { create, cloud, orchestration } = like;
    const stack = create(cluster(1));
    cloud.settle();

    orchestration.suspendStack(stack.id);
    cloud.settle();
    expect(statuses(stack)).toBe('SUSPEND_COMPLETE SUSPEND_COMPLETE SUSPEND_COMPLETE');
    expect(serverStates(stack, like)).toEqual(['gateway suspended', 'node0 suspended']);

    orchestration.resumeStack(stack.id);
    cloud.settle();
    expect(statuses(stack)).toBe('RESUME_COMPLETE RESUME_COMPLETE RESUME_COMPLETE');
    expect(serverStates(stack, like)).toEqual(['gateway active', 'node0 active']);
    expect(stack.updatedAt).toBeUndefined();
  });

  test('a stack that is doing something refuses to begin something else, in Heat’s words', () => {
    const { create, cloud, orchestration } = start();
    const stack = create(cluster());
    cloud.settle();
    orchestration.suspendStack(stack.id);

    expect(() => orchestration.resumeStack(stack.id)).toThrow(
      'Stack stack already has an action (SUSPEND) in progress.',
    );
  });
});

describe('deleting a stack', () => {
  test('takes everything in it along; by its id it is shown for a while yet', () => {
    const { create, cloud, orchestration, compute, pass } = start();
    const stack = create(cluster());
    cloud.settle();
    const projects = cloud.identity.projects.size;

    orchestration.deleteStack(stack.id);
    expect(statusOf(stack)).toBe('DELETE_IN_PROGRESS');
    pass(10_000);

    expect(statusOf(stack)).toBe('DELETE_COMPLETE');
    expect([...orchestration.stacks()]).toEqual([]);
    expect(orchestration.stackNamed(stack.projectId, 'stack')).toBeUndefined();
    expect(orchestration.stack(stack.id)).toBe(stack);
    expect(compute.serverCount).toBe(0);
    expect(compute.groups.size).toBe(0);
    expect(cloud.identity.projects.size).toBe(projects - 1);

    pass(3_600_000);
    expect(orchestration.stack(stack.id)).toBeUndefined();
  });

  test('overtakes its creation', () => {
    const { create, cloud, orchestration, compute, pass } = start();
    const stack = create(cluster());
    pass(3_000);

    orchestration.deleteStack(stack.id);
    cloud.settle();

    expect(statusOf(stack)).toBe('DELETE_COMPLETE');
    expect(compute.serverCount).toBe(0);
  });

  test('frees its name', () => {
    const { create, cloud, orchestration } = start();
    const first = create(cluster());
    cloud.settle();
    orchestration.deleteStack(first.id);
    cloud.settle();

    const second = create(cluster());

    expect(orchestration.stackNamed(second.projectId, 'stack')).toBe(second);
  });
});

test('each action is announced where it begins and where it ends, nested stacks too', () => {
  const { create, cloud, orchestration } = start();
  const events: string[] = [];
  cloud.onEvent((event) => {
    if ('stack' in event)
      events.push(`${event.type.replace('orchestration.stack.', '')} ${event.stack.name}`);
  });

  const stack = create({ ...cluster(), resources: { gateway: node('gateway') } });
  cloud.settle();
  orchestration.suspendStack(stack.id);
  cloud.settle();
  orchestration.deleteStack(stack.id);
  cloud.settle();

  expect(events.join(', ')).toBe(
    'create.start stack, create.end stack, suspend.start stack, suspend.end stack, ' +
      'delete.start stack, delete.end stack',
  );
});

test('whatever state a test sets is Heat’s state then, also one it has never met', () => {
  const { create, cloud, orchestration } = start();
  const stack = create(cluster());
  cloud.settle();

  orchestration.setStackState(stack.id, { action: 'ROLLBACK', result: 'COMPLETE', reason: 'because' });
  expect(statusOf(stack)).toBe('ROLLBACK_COMPLETE');

  orchestration.failStack(stack.id, 'on second thought');
  expect([statusOf(stack), stack.reason]).toEqual(['ROLLBACK_FAILED', 'on second thought']);
});
