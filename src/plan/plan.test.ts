import { expect, test } from 'vitest';
import {
  address,
  type CloudFields,
  cloud,
  device,
  flavor,
  group,
  owner,
  portal,
  rack,
  server,
  settings,
  template,
  tree,
  unreadable,
} from '../../test/support/builders.ts';
import { PaperPortal } from '../../test/support/paper-portal.ts';
import type { PortalSnapshot } from '../concertim/model.ts';
import { type Change, changesOf } from './change.ts';
import { plan } from './plan.ts';
import type { PlanSettings } from './plan-settings.ts';

/** The portal after all of a plan. */
function after(seen: CloudFields, before: PortalSnapshot = portal(), chosen: Partial<PlanSettings> = {}) {
  const paper = new PaperPortal(before);
  paper.apply(changes(seen, before, chosen));
  return paper.snapshot();
}

function changes(
  seen: CloudFields,
  before: PortalSnapshot,
  chosen: Partial<PlanSettings> = {},
): readonly Change[] {
  return changesOf(plan(cloud(seen), before, settings(chosen)));
}

const kinds = (of: readonly Change[]) => of.map(({ kind }) => kind).sort();
const namesOf = (items: readonly { readonly name: string }[]) => items.map(({ name }) => name).sort();
const stackOf = (...servers: readonly string[]): CloudFields => ({
  servers: servers.map((id) => server({ id })),
  trees: [tree({ servers })],
});

test("a stack becomes a rack of its project's user, a server a device, a flavor a template", () => {
  const { racks, devices, templates } = after({
    flavors: [flavor({ name: 'm1', vcpus: 4 })],
    servers: [
      server({
        id: 'web',
        keyName: 'alice-key',
        addresses: [address(), address({ address: '203.0.113.1', type: 'floating' })],
        volumes: [{ id: 'volume', deleteOnTermination: true }],
      }),
    ],
    trees: [tree({ servers: ['web'], outputs: { url: 'http://203.0.113.1/' } })],
  });

  expect(templates).toMatchObject([{ name: 'm1', foreignId: 'flavor', height: 3, vcpus: 4 }]);
  expect(racks).toMatchObject([
    {
      name: 'stack',
      ownerId: 1,
      height: 42,
      status: 'ACTIVE',
      creationOutput: 'url=http://203.0.113.1/',
      metadata: {
        openstack_stack_id: 'stack',
        openstack_stack_owner: 'alice',
        openstack_stack_owner_id: 'stack-user-project',
        stack_status_reason: 'Stack CREATE completed successfully',
        openstack_stack_output: 'url=http://203.0.113.1/',
      },
    },
  ]);
  expect(devices).toMatchObject([
    {
      name: 'web',
      status: 'ACTIVE',
      templateId: templates[0]?.id,
      location: { rackId: racks[0]?.id, startU: 40, endU: 42, facing: 'f' },
      publicIps: 'network:203.0.113.1',
      privateIps: 'network:10.0.0.1',
      sshKey: 'alice-key',
      volumeDetails: { volume: { delete_on_termination: true } },
      metadata: { openstack_instance_id: 'web', openstack_stack_id: 'stack' },
    },
  ]);
});

test('a stack of a project that no user has is not shown', () => {
  const owners = [owner({ projectId: null }), owner({ id: 2, leaving: true })];

  expect(after(stackOf('web'), portal({ owners }))).toMatchObject({ racks: [], devices: [] });
});

test('an empty rack is filled from the top down by the names of the servers, then by their ids', () => {
  const { devices } = after({
    servers: [server({ id: '2', name: 'b' }), server({ id: '3', name: 'a' }), server({ id: '1', name: 'b' })],
    trees: [tree({ servers: ['2', '3', '1'] })],
  });

  const fromTheTop = devices.toSorted(
    (one, other) => (other.location?.startU ?? 0) - (one.location?.startU ?? 0),
  );
  expect(fromTheTop.map(({ metadata }) => metadata['openstack_instance_id'])).toEqual(['3', '1', '2']);
});

test('of two users with one project the lower id has its stacks, in whatever order they are listed', () => {
  const owners = [owner({ id: 7 }), owner({ id: 3 }), owner({ id: 1, leaving: true })];

  expect(after(stackOf('web'), portal({ owners })).racks).toMatchObject([{ ownerId: 3 }]);
});

test('a stack of 100 servers fills a rack of 72 units and a further one', () => {
  const ids = Array.from({ length: 100 }, (_, at) => `node${String(at).padStart(3, '0')}`);

  const { racks, devices } = after(stackOf(...ids));

  expect(racks).toMatchObject([
    { name: 'stack', height: 72 },
    { name: 'stack-2', height: 42 },
  ]);
  const inFirst = devices.filter(({ location }) => location?.rackId === racks[0]?.id);
  expect([inFirst.length, devices.length]).toEqual([72, 100]);
});

test('a further rack that nothing stands in any more goes, the first one stays', () => {
  const ids = Array.from({ length: 100 }, (_, at) => `node${String(at).padStart(3, '0')}`);
  const full = after(stackOf(...ids));

  const { racks } = after(
    { trees: [tree()], evidence: { servers: Object.fromEntries(ids.map((id) => [id, 'deleted'])) } },
    full,
  );

  expect(namesOf(racks)).toEqual(['stack']);
});

test('a rack grows for a server that has no room in it', () => {
  const small = after(stackOf('a'), portal(), { defaultRackHeight: 1 });

  const { racks, devices } = after(stackOf('a', 'b'), small);

  expect(racks).toMatchObject([{ height: 2 }]);
  expect(new Set(devices.map(({ location }) => location?.startU))).toEqual(new Set([1, 2]));
});

test('a device never moves within its rack', () => {
  const before = after(stackOf('b', 'd'));
  const places = new Map(before.devices.map(({ name, location }) => [name, location?.startU]));

  const { devices } = after(stackOf('a', 'b', 'c', 'd'), before);

  for (const [name, startU] of places) {
    expect(devices.find((device) => device.name === name)?.location?.startU).toBe(startU);
  }
});

test('a stack name with dots, and servers that differ only in dot and underscore, get valid names of their own', () => {
  const { racks, devices } = after({
    servers: [server({ id: '11111-1', name: 'node.1' }), server({ id: '22222-2', name: 'node_1' })],
    trees: [tree({ name: 'my.cluster', servers: ['11111-1', '22222-2'] })],
  });

  expect(namesOf(racks)).toEqual(['my-cluster']);
  expect(namesOf(devices)).toEqual(['node-1', 'node-1-22222']);
});

test('two stacks of one name and one user get racks of their own names', () => {
  const trees = [tree({ id: '11111-1', name: 'a' }), tree({ id: '22222-2', name: 'a' })];

  expect(namesOf(after({ trees }).racks)).toEqual(['a', 'a-22222']);
});

test('a flavor with disk 0 becomes a template without one', () => {
  const flavors = [flavor({ name: 'diskless', disk: 0 })];

  expect(after({ flavors }).templates).toMatchObject([{ name: 'diskless', disk: null, ram: 2048 }]);
});

test('a flavor whose name a template made by hand has gets an end of its own; the other is left alone', () => {
  const foreign = template({ name: 'm1', height: 2 });

  const { templates } = after(
    { flavors: [flavor({ id: 'abcdefgh-1', name: 'm1' })] },
    portal({ templates: [foreign] }),
  );

  expect(templates).toContainEqual(foreign);
  expect(namesOf(templates)).toEqual(['m1', 'm1-abcdefgh']);
});

test('a server that is still being built has a device, without addresses, in progress', () => {
  const { devices } = after({
    servers: [server({ id: 'web', vmState: 'building', taskState: 'spawning' })],
    trees: [tree({ servers: ['web'] })],
  });

  expect(devices).toMatchObject([{ status: 'IN_PROGRESS', publicIps: '', privateIps: '' }]);
});

test('a resized server has a device of the other template at the same unit, and keeps its name and login', () => {
  const flavors = [flavor(), flavor({ id: 'tall', name: 'tall', vcpus: 1, ram: 4096 })];
  const before = after({ ...stackOf('web', 'db'), flavors });
  const web = before.devices.find(({ name }) => name === 'web');
  const edited = before.devices.map((device) => ({ ...device, loginUser: 'flight' }));

  const { devices, templates } = after(
    {
      flavors,
      servers: [server({ id: 'web', flavor: { kind: 'id', id: 'tall' } }), server({ id: 'db' })],
      trees: [tree({ servers: ['web', 'db'] })],
    },
    { ...before, devices: edited },
  );

  const resized = devices.find(({ name }) => name === 'web');
  expect(resized?.id).not.toBe(web?.id);
  expect(resized).toMatchObject({ location: web?.location, loginUser: 'flight' });
  expect(templates.find(({ id }) => id === resized?.templateId)?.name).toBe('tall');
});

test('a resized server that is too tall for its place gets another one', () => {
  const flavors = [flavor(), flavor({ id: 'tall', name: 'tall', vcpus: 8 })];
  const before = after({ ...stackOf('a', 'b'), flavors });

  const { devices } = after(
    {
      flavors,
      servers: [server({ id: 'a' }), server({ id: 'b', flavor: { kind: 'id', id: 'tall' } })],
      trees: [tree({ servers: ['a', 'b'] })],
    },
    before,
  );

  expect(devices.find(({ name }) => name === 'b')?.location).toMatchObject({ startU: 38, endU: 41 });
});

test('a renamed and re-addressed server is changed in place', () => {
  const before = after(stackOf('web'));

  const change = changes(
    {
      servers: [server({ id: 'web', name: 'www', addresses: [address()] })],
      trees: [tree({ servers: ['web'] })],
    },
    before,
  );

  expect(change).toMatchObject([
    {
      kind: 'update-device',
      device: { name: 'web' },
      patch: { name: 'www', privateIps: 'network:10.0.0.1' },
    },
  ]);
});

test('two servers that swap their names end with them, and are then left alone', () => {
  const before = after(stackOf('11111', '22222'));
  const swapped: CloudFields = {
    servers: [server({ id: '11111', name: '22222' }), server({ id: '22222', name: '11111' })],
    trees: [tree({ servers: ['11111', '22222'] })],
  };

  const then = after(swapped, before);

  expect(namesOf(then.devices)).toEqual(['11111', '22222']);
  expect(changes(swapped, then)).toEqual([]);
});

test.each([3, 5])(
  '%i servers that pass their names on in a circle end with them, and are then left alone',
  (count) => {
    const ids = Array.from({ length: count }, (_, at) => String(at + 1).repeat(5));
    const before = after(stackOf(...ids));
    const passedOn: CloudFields = {
      servers: ids.map((id, at) => server({ id, name: ids[(at + 1) % count] ?? '' })),
      trees: [tree({ servers: ids })],
    };

    const then = after(passedOn, before);

    expect(namesOf(then.devices)).toEqual(ids);
    expect(changes(passedOn, then)).toEqual([]);
  },
);

test('racks, devices and templates made by hand are left alone, also inside a rack of ours', () => {
  const ours = after(stackOf('web'));
  const [stackRack] = ours.racks;
  const byHand = {
    rack: rack({ id: 90, name: 'storage' }),
    within: device({ id: 91, name: 'switch', location: { rackId: Number(stackRack?.id), startU: 41 } }),
    elsewhere: device({ id: 92, name: 'disks', location: { rackId: 90 } }),
    template: template({ id: 93, name: 'switch' }),
  };
  const before = {
    ...ours,
    racks: [...ours.racks, byHand.rack],
    devices: [...ours.devices, byHand.within, byHand.elsewhere],
    templates: [...ours.templates, byHand.template],
  };

  const then = after(stackOf('web', 'db'), before);

  expect(then.racks).toContainEqual(byHand.rack);
  expect(then.devices).toContainEqual(byHand.within);
  expect(then.devices).toContainEqual(byHand.elsewhere);
  expect(then.templates).toContainEqual(byHand.template);
  expect(then.devices.find(({ name }) => name === 'db')?.location?.startU).toBe(40);
});

test('what the owner has changed by hand is put right, what he has added to metadata stays', () => {
  const before = after(stackOf('web'));
  const changed = {
    ...before,
    racks: before.racks.map((rack) => ({ ...rack, name: 'mine', status: 'FAILED' as const })),
    devices: before.devices.map((device) => ({ ...device, metadata: { ...device.metadata, note: 'mine' } })),
  };

  const then = after(stackOf('web'), changed);

  expect(then.racks).toMatchObject([{ name: 'stack', status: 'ACTIVE' }]);
  expect(then.devices[0]?.metadata).toMatchObject({ note: 'mine', openstack_instance_id: 'web' });
});

test('a rack whose metadata was emptied is ours no more: the stack gets another one, and its devices move', () => {
  const before = after(stackOf('web'));
  const spoilt = { ...before, racks: before.racks.map((rack) => ({ ...rack, metadata: {} })) };

  const { racks, devices } = after(stackOf('web'), spoilt);

  expect(racks).toContainEqual(spoilt.racks[0]);
  expect(namesOf(racks)).toEqual(['stack', 'stack-stack']);
  expect(devices).toMatchObject([{ location: { rackId: racks.find(({ name }) => name !== 'stack')?.id } }]);
});

test('servers of nested stacks and members of server groups stand in the rack of the root', () => {
  const { racks, devices } = after({
    servers: [
      server({ id: 'nested' }),
      server({ id: 'member' }),
      server({ id: 'hinted', rootStackId: 'stack' }),
    ],
    serverGroups: [group({ members: ['member'] })],
    trees: [tree({ servers: ['nested'], serverGroups: ['group'] })],
  });

  expect(racks).toHaveLength(1);
  expect(namesOf(devices)).toEqual(['hinted', 'member', 'nested']);
});

test('a tree that was not read again is as it was', () => {
  const before = after(stackOf('web'));

  const remembered = { stack: { servers: ['web'] } };
  const seen = { ...stackOf('web'), trees: [tree({ content: 'remembered' })], remembered };

  expect(changes(seen, before)).toEqual([]);
});

test('outputs are refreshed when the tree was read', () => {
  const before = after({ trees: [tree({ outputs: { a: 1 } })] });

  const { racks } = after({ trees: [tree({ revision: '2', outputs: { a: 2 } })] }, before);

  expect(racks).toMatchObject([{ creationOutput: 'a=2', metadata: { openstack_stack_output: 'a=2' } }]);
});

test('a status that is unknown to us changes nothing, and is reported', () => {
  const before = after(stackOf('web'));

  const planned = plan(
    cloud({
      servers: [server({ id: 'web', vmState: 'dreaming' })],
      trees: [tree({ status: 'DREAM_OF', servers: ['web'] })],
    }),
    before,
    settings(),
  );

  expect(changesOf(planned)).toEqual([]);
  expect(planned.unknownStates).toEqual([
    { id: 'stack', state: 'DREAM_OF' },
    { id: 'web', state: 'dreaming' },
  ]);
});

test('a server that cannot be read keeps its device as it is', () => {
  const before = after(stackOf('web', 'db'));

  const seen = { ...stackOf('web', 'db'), servers: [unreadable('web'), server({ id: 'db' })] };

  expect(changes(seen, before)).toEqual([]);
});

test('the stacks of a project that could not be listed stay as they are', () => {
  const before = after(stackOf('web'));
  const seen: CloudFields = {
    servers: [server({ id: 'web' })],
    unobserved: ['project'],
    evidence: { stacks: { stack: 'unknown' } },
  };

  expect(changes(seen, before)).toEqual([]);
  expect(changes(seen, before, { standaloneServers: 'rack' })).toEqual([]);
});

test('a project that another user has now is shown to that user; the racks of the other are not ours any more', () => {
  const before = after(stackOf('web'), portal({ owners: [owner(), owner({ id: 2, projectId: null })] }));
  const owners = [owner({ projectId: null }), owner({ id: 2 })];

  const { racks, devices } = after(stackOf('web'), { ...before, owners });
  const { foreign } = plan(cloud(stackOf('web')), { ...before, owners }, settings());

  expect(racks).toEqual([...before.racks, expect.objectContaining({ name: 'stack', ownerId: 2 })]);
  expect(devices).toEqual([
    ...before.devices,
    expect.objectContaining({ name: 'web', location: expect.objectContaining({ rackId: racks[1]?.id }) }),
  ]);
  expect(foreign.map(({ kind, claim }) => `${kind}: ${claim}`)).toEqual([
    'rack: stack stack of project project',
    'device: server web of project project',
  ]);
});

test('a second device of one server goes, the older one stays', () => {
  const before = after(stackOf('web'));
  const [web] = before.devices;
  const double = device({
    id: 90,
    name: 'web-again',
    location: { rackId: Number(before.racks[0]?.id), startU: 3 },
    templateId: Number(before.templates[0]?.id),
    metadata: { openstack_instance_id: 'web' },
  });

  const { devices } = after(stackOf('web'), { ...before, devices: [double, ...before.devices] });

  expect(devices.map(({ id }) => id)).toEqual([web?.id]);
});

test('two racks of one name, as a race leaves them, are parted before anything else is done', () => {
  const before = after(stackOf('web'));
  const double = { ...rack({ id: 90 }), ...before.racks[0], id: rack({ id: 90 }).id };

  const { racks, devices } = after(stackOf('web', 'db'), { ...before, racks: [...before.racks, double] });

  expect(namesOf(racks)).toEqual(['stack']);
  expect(devices).toHaveLength(2);
});

test.each([
  ['something made by hand', {}],
  ["a device of the stack's", { openstack_instance_id: 'db' }],
])('a further rack of a stack stays while %s stands in it, and goes once it is empty', (_, metadata) => {
  const seen = stackOf('web', 'db');
  const before = after(stackOf('web'));
  const second = { ...rack({ id: 90 }), ...before.racks[0], id: rack({ id: 90 }).id, name: 'second' };
  const inIt = device({ id: 91, name: 'db', location: { rackId: 90 }, metadata });

  const { racks, devices } = after(seen, {
    ...before,
    racks: [...before.racks, second],
    devices: [...before.devices, inIt],
  });
  const emptied = after(seen, { ...before, racks: [...before.racks, second] });

  expect(racks.map(({ id }) => id)).toContain(second.id);
  expect(devices.map(({ id, location }) => [id, location?.rackId])).toContainEqual([inIt.id, second.id]);
  expect(emptied.racks.map(({ id }) => id)).toEqual(before.racks.map(({ id }) => id));
});

test('servers without a stack are not shown, or have a rack of their project', () => {
  const loose = { servers: [server({ id: 'loose' })] };

  expect(after(loose)).toMatchObject({ racks: [], devices: [] });
  expect(after(loose, portal(), { standaloneServers: 'rack' })).toMatchObject({
    racks: [{ name: 'standalone', metadata: { openstack_project_id: 'project' }, creationOutput: '' }],
    devices: [{ name: 'loose', metadata: { openstack_instance_id: 'loose' } }],
  });
});

test('the rack of servers without a stack goes when they are no longer wanted, and with the last of them', () => {
  const loose = { servers: [server({ id: 'loose' })] };
  const shown = after(loose, portal(), { standaloneServers: 'rack' });

  expect(after(loose, shown)).toMatchObject({ racks: [], devices: [] });
  expect(
    after({ evidence: { servers: { loose: 'deleted' } } }, shown, { standaloneServers: 'rack' }),
  ).toMatchObject({ racks: [], devices: [] });
});

test('a server that comes to a stack moves into its rack, and out again with nothing left of it', () => {
  const loose = { servers: [server({ id: 'web' })] };
  const standalone = { standaloneServers: 'rack' } as const;
  const shown = after(loose, portal(), standalone);

  const adopted = after(stackOf('web'), shown, standalone);
  const left = after({ ...loose, evidence: { stacks: { stack: 'deleted' } } }, adopted, standalone);

  expect(namesOf(adopted.racks)).toEqual(['stack']);
  expect(namesOf(left.racks)).toEqual(['standalone']);
  expect(left.devices[0]?.metadata).not.toHaveProperty('openstack_stack_id');
});

test('servers of a stack that Heat left out of its list are not taken for servers without a stack', () => {
  const before = after(stackOf('web'));
  const seen = { servers: [server({ id: 'web' })], evidence: { stacks: { stack: 'exists' as const } } };

  expect(changes(seen, before, { standaloneServers: 'rack' })).toEqual([]);
});

test('a flavor that was deleted keeps its template while a server uses it', () => {
  const embedded = { kind: 'embedded', name: 'flavor', vcpus: 1, ram: 2048, disk: 20 } as const;
  const seen = {
    servers: [server({ id: 'web', flavor: embedded })],
    trees: [tree({ servers: ['web'] })],
  };
  const another = flavor({ id: 'another', vcpus: 8 });
  const before = after({ ...seen, flavors: [flavor(), another] });
  const gone = { ...seen, flavors: [another], evidence: { flavors: { flavor: 'not-found' as const } } };

  const empty = {
    ...gone,
    servers: [],
    evidence: { ...gone.evidence, servers: { web: 'deleted' as const } },
  };

  expect(changes(gone, before)).toEqual([]);
  expect(kinds(changes(empty, before))).toEqual(['delete-device', 'delete-template']);
});

test('a flavor that is recreated with other sizes leaves the devices of the old one as they are', () => {
  const embedded = { kind: 'embedded', name: 'm1', vcpus: 1, ram: 2048, disk: 20 } as const;
  const seen = {
    servers: [server({ id: 'web', flavor: embedded })],
    trees: [tree({ servers: ['web'] })],
  };
  const before = after({ ...seen, flavors: [flavor({ id: 'old', name: 'm1' })] });

  const change = changes({ ...seen, flavors: [flavor({ id: 'new', name: 'm1', vcpus: 4 })] }, before);

  expect(change).toMatchObject([{ kind: 'create-template', draft: { name: 'm1-new', vcpus: 4 } }]);
});

test('a flavor that is recreated under its old id with other sizes leaves the servers of the old one theirs', () => {
  const small = { kind: 'embedded', name: 'm1', vcpus: 1, ram: 2048, disk: 20 } as const;
  const before = after({
    flavors: [flavor({ id: 'm1' })],
    servers: [server({ id: 'old', flavor: small })],
    trees: [tree({ servers: ['old'] })],
  });
  const seen = {
    flavors: [flavor({ id: 'm1', vcpus: 4 })],
    servers: [server({ id: 'old', flavor: small }), server({ id: 'new', flavor: { ...small, vcpus: 4 } })],
    trees: [tree({ servers: ['old', 'new'] })],
  };

  const shown = after(seen, before);

  const vcpusOf = Object.fromEntries(
    shown.devices.map(({ name, templateId }) => [
      name,
      shown.templates.find(({ id }) => id === templateId)?.vcpus,
    ]),
  );
  expect(vcpusOf).toEqual({ old: 1, new: 4 });
  expect(changes(seen, shown)).toEqual([]);
});

test('a template made for a server whose flavor was gone before it was seen goes with its last device', () => {
  const embedded = { kind: 'embedded', name: 'old', vcpus: 2, ram: 1, disk: 0 } as const;
  const shown = after({
    flavors: [],
    servers: [server({ id: 'web', flavor: embedded })],
    trees: [tree({ servers: ['web'] })],
  });

  const { templates } = after(
    { flavors: [], trees: [tree()], evidence: { servers: { web: 'deleted' } } },
    shown,
  );

  expect(shown.templates).toMatchObject([{ name: 'old', height: 2, disk: null }]);
  expect(templates).toEqual([]);
});

test('a run about some stacks leaves all others alone', () => {
  const trees = [tree({ id: 'a', servers: ['a1'] }), tree({ id: 'b', servers: ['b1'] })];
  const before = after({ servers: [server({ id: 'a1' }), server({ id: 'b1' })], trees });

  const change = changes(
    {
      scope: { racks: ['a'], servers: ['a1'] },
      flavors: [],
      servers: [server({ id: 'a1', vmState: 'stopped' })],
      trees: [tree({ id: 'a', servers: ['a1'] })],
    },
    before,
  );

  expect(change).toMatchObject([
    { kind: 'update-device', device: { name: 'a1' }, patch: { status: 'STOPPED' } },
  ]);
});

test('nothing is changed where nothing differs', () => {
  const before = after(stackOf('web', 'db'));

  expect(plan(cloud(stackOf('web', 'db')), before, settings())).toEqual({
    phases: [],
    held: [],
    foreign: [],
    warnings: [],
    isWrongCloud: false,
    members: expect.any(Function),
    unknownStates: [],
  });
});
