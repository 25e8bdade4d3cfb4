import { expect, test } from 'vitest';
import {
  cloud,
  device,
  group,
  owner,
  portal,
  rack,
  server,
  settings,
  tree,
} from '../../test/support/builders.ts';
import { PaperPortal } from '../../test/support/paper-portal.ts';
import type { Device, PortalSnapshot, Rack } from '../concertim/model.ts';
import { changesOf, type Plan } from './change.ts';
import { describeClaim, settleClaims } from './claims.ts';
import type { CloudObservation } from './observation.ts';
import { plan } from './plan.ts';

/*
 * Alice has a stack with a server; Bob, who has a project with nothing in it, writes into racks and devices of his own
 * what he likes.
 */

const seen = cloud({
  servers: [server({ id: 'web', keyName: 'alice-key' })],
  trees: [tree({ servers: ['web'], outputs: { password: 'canary' } })],
});
const bob = 2;
const owners = [owner(), owner({ id: bob, name: 'bob', projectId: 'bobs' })];

function planned(
  observed: CloudObservation,
  snapshot: PortalSnapshot,
): { plan: Plan; after: PortalSnapshot } {
  const decided = plan(observed, snapshot, settings());
  const paper = new PaperPortal(snapshot);
  paper.apply(changesOf(decided));
  return { plan: decided, after: paper.snapshot() };
}

/** The portal in step, plus the racks and devices that Bob has made. */
function withBobs(made: { readonly racks?: Rack[]; readonly devices?: Device[] }): PortalSnapshot {
  const inStep = planned(seen, portal({ owners })).after;
  return {
    ...inStep,
    racks: [...inStep.racks, ...(made.racks ?? [])],
    devices: [...inStep.devices, ...(made.devices ?? [])],
  };
}

const bobsRack = (metadata: Record<string, unknown>) =>
  rack({ id: 90, ownerId: bob, name: 'bobs', metadata });
const inBobsRack = (metadata: Record<string, unknown>) =>
  device({ id: 91, name: 'bobs', location: { rackId: 90 }, metadata });

test.each([
  ['the stack of another user', bobsRack({ openstack_stack_id: 'stack' })],
  ['the servers of another user', bobsRack({ openstack_project_id: 'project' })],
  [
    'the stack of another user, with what it is made of',
    bobsRack({
      openstack_stack_id: 'stack',
      openstack_stack_observed: { revision: '1', servers: ['web'], server_groups: [] },
    }),
  ],
])('a rack that claims %s is left as it is, and shown nothing', (_claim, made) => {
  const before = withBobs({ racks: [made] });

  const { plan, after } = planned(seen, before);

  expect(changesOf(plan)).toEqual([]);
  expect(after).toEqual(before);
  expect(plan.foreign).toMatchObject([{ kind: 'rack', id: 90, owner: 'bob' }]);
});

test('a rack that claims a stack of a project that nobody has is shown nothing of it', () => {
  const strange = cloud({
    servers: [server({ id: 'secret', projectId: 'nobodys' })],
    trees: [
      tree({ id: 'hidden', projectId: 'nobodys', servers: ['secret'], outputs: { password: 'canary' } }),
    ],
  });

  const { plan } = planned(strange, portal({ owners, racks: [bobsRack({ openstack_stack_id: 'hidden' })] }));

  expect(changesOf(plan).filter(({ kind }) => kind !== 'create-template')).toEqual([]);
  expect(plan.foreign.map(describeClaim)).toEqual([
    'rack 90 owned by bob claims stack hidden of project nobodys',
  ]);
});

test('a device that claims the server of another user is left as it is, and its server keeps its own', () => {
  const mine = tree({ id: 'bobs-stack', projectId: 'bobs' });
  const observed = cloud({
    servers: [server({ id: 'web', keyName: 'alice-key' })],
    trees: [tree({ servers: ['web'] }), mine],
  });
  const inStep = planned(observed, portal({ owners })).after;
  const rackId = Number(inStep.racks.find(({ ownerId }) => ownerId === (bob as never))?.id);
  const claim = device({
    id: 91,
    name: 'x',
    location: { rackId },
    metadata: { openstack_instance_id: 'web' },
  });
  const before = { ...inStep, devices: [claim, ...inStep.devices] };

  const { plan, after } = planned(observed, before);

  expect(changesOf(plan)).toEqual([]);
  expect(after.devices).toEqual(before.devices);
  expect(plan.foreign.map(describeClaim)).toEqual([
    'device 91 owned by bob claims server web of project project',
  ]);
});

test.each([
  ['a scheduler hint', { hint: true }],
  ['a server group', { inGroup: true }],
  ['a resource of the tree', { inTree: true }],
])('a server of another project is no member of a stack by %s', (_by, { hint, inGroup, inTree }: Ways) => {
  const stray = server({ id: 'stray', projectId: 'bobs', rootStackId: hint ? 'stack' : null });
  const observed = cloud({
    servers: [server({ id: 'web' }), stray],
    trees: [tree({ servers: ['web', ...(inTree ? ['stray'] : [])], serverGroups: ['g'] })],
    serverGroups: [group({ id: 'g', members: inGroup ? (['stray'] as never) : [] })],
  });

  const { after } = planned(observed, portal({ owners }));

  expect(after.devices.map(({ name }) => name)).toEqual(['web']);
});

interface Ways {
  readonly hint?: boolean;
  readonly inGroup?: boolean;
  readonly inTree?: boolean;
}

test('a stack of another project that has the server too, under a lower id, does not hide it', () => {
  const observed = cloud({
    servers: [server({ id: 'web' })],
    trees: [tree({ servers: ['web'] }), tree({ id: 'a-stack', projectId: 'bobs', servers: ['web'] })],
  });

  const { after } = planned(observed, portal({ owners }));

  const rackOfWeb = after.racks.find(({ id }) => id === after.devices[0]?.location?.rackId);
  expect(rackOfWeb?.metadata['openstack_stack_id']).toBe('stack');
});

test('what Bob has made gone, one run is enough to be in step', () => {
  const made = withBobs({
    racks: [bobsRack({ openstack_stack_id: 'stack' })],
    devices: [inBobsRack({ openstack_instance_id: 'web' })],
  });
  const { after } = planned(seen, made);
  const removed = {
    ...after,
    racks: after.racks.filter(({ id }) => id !== (90 as never)),
    devices: after.devices.filter(({ id }) => id !== (91 as never)),
  };

  expect(changesOf(plan(seen, removed, settings()))).toEqual([]);
});

test('further racks and devices of the same owner for the same stack are no false claims', () => {
  const inStep = planned(seen, portal({ owners })).after;
  const [first] = inStep.racks;
  const spill = rack({ id: 80, name: 'stack-2', metadata: { ...first?.metadata } });
  const known = { ofStack: () => 'project' as never, ofObject: () => 'project' as never };

  const { foreign } = settleClaims({ ...inStep, racks: [...inStep.racks, spill] }, known);

  expect(foreign).toEqual([]);
});

test('where every claim fits the portal is the one that was given', () => {
  const inStep = planned(seen, portal({ owners })).after;

  expect(settleClaims(inStep, { ofStack: () => undefined, ofObject: () => undefined }).portal).toBe(inStep);
});
