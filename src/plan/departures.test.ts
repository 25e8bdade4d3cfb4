import { expect, test } from 'vitest';
import {
  type CloudFields,
  cloud,
  device,
  flavor,
  portal,
  rack,
  server,
  settings,
  template,
  tree,
  unreadable,
} from '../../test/support/builders.ts';
import { changesOf } from './change.ts';
import type { Evidence } from './observation.ts';
import { plan } from './plan.ts';

/** A stack with one server, as an earlier run has left it. */
const shown = portal({
  racks: [rack({ name: 'stack', metadata: { openstack_stack_id: 'stack' } })],
  devices: [device({ name: 'web', metadata: { openstack_instance_id: 'web' } })],
  templates: [template({ name: 'flavor', foreignId: 'flavor' })],
});
/** A stack that stays: a whole site is deleted only where the cloud itself confirms the deletions. */
const neighbour = {
  rack: rack({ id: 2, name: 'other', creationOutput: '', metadata: { openstack_stack_id: 'other' } }),
  device: device({
    id: 2,
    name: 'db',
    location: { rackId: 2 },
    metadata: { openstack_instance_id: 'db' },
  }),
  template: template({ id: 2, name: 'large', foreignId: 'large' }),
};
const besideOthers = {
  ...shown,
  racks: [...shown.racks, neighbour.rack],
  devices: [...shown.devices, neighbour.device],
};
const others: CloudFields = {
  servers: [server({ id: 'db' })],
  trees: [tree({ id: 'other', servers: ['db'] })],
};

function deletions(seen: CloudFields, before = shown, chosen = settings()) {
  const planned = plan(cloud(seen), before, chosen);
  return {
    deleted: changesOf(planned)
      .filter(({ kind }) => kind.startsWith('delete-'))
      .map(({ kind }) => kind.slice('delete-'.length)),
    held: planned.held.map(({ kind, reason }) => `${kind}: ${reason}`),
    warnings: planned.warnings,
  };
}

const gone = (server: Evidence, stack: Evidence): CloudFields => ({
  evidence: { servers: { web: server }, stacks: { stack } },
});

test.each<[Evidence, Evidence]>([
  ['deleted', 'deleted'],
  ['not-found', 'deleted'],
  ['not-found', 'not-found'],
])('a server that is %s and a stack that is %s go, the device before its rack', (server, stack) => {
  expect(deletions({ ...others, ...gone(server, stack) }, besideOthers).deleted).toEqual(['device', 'rack']);
});

test.each<[Evidence, string]>([
  ['exists', 'OpenStack does not list it, but finds it by its id'],
  ['unknown', 'OpenStack does not list it, and the query by its id failed'],
])('a server of which the answer is "%s" keeps its device and so its rack', (server, reason) => {
  const { deleted, held } = deletions(gone(server, 'deleted'));

  expect(deleted).toEqual([]);
  expect(held).toEqual([`device: ${reason}`, 'rack: device web stays in it']);
});

test.each<[Evidence, string]>([
  ['exists', 'rack: OpenStack does not list it, but finds it by its id'],
  ['unknown', 'rack: OpenStack does not list it, and the query by its id failed'],
])('a stack of which the answer is "%s" keeps its rack', (stack, reason) => {
  const seen = { ...others, ...gone('not-found', stack) };

  expect(deletions(seen, besideOthers)).toMatchObject({ deleted: ['device'], held: [reason] });
});

test('absence from the lists alone deletes nothing', () => {
  expect(deletions({})).toMatchObject({ deleted: [] });
});

test('a stack that Heat shows as DELETE_COMPLETE takes along what Nova still lists of it', () => {
  const seen = {
    servers: [server({ id: 'web' })],
    trees: [tree({ status: 'DELETE_COMPLETE', servers: ['web'] })],
  };

  expect(deletions(seen).deleted).toEqual(['device', 'rack']);
});

test('a server that Nova lists as deleted goes, its stack stays', () => {
  const seen = {
    servers: [server({ id: 'web', vmState: 'deleted' })],
    trees: [tree({ servers: ['web'] })],
  };

  expect(deletions(seen).deleted).toEqual(['device']);
});

test('a server that is listed, of a stack that is not found, stays', () => {
  const seen = {
    ...others,
    servers: [server({ id: 'db' }), server({ id: 'web' })],
    evidence: { stacks: { stack: 'not-found' as const } },
  };

  expect(deletions(seen, besideOthers)).toMatchObject({
    deleted: [],
    held: ['rack: device web stays in it'],
  });
});

test('a server that cannot be read stays', () => {
  expect(deletions({ servers: [unreadable('web')], trees: [tree()] }).deleted).toEqual([]);
});

test('a rack of a deleted stack stays while something made by hand stands in it', () => {
  const byHand = device({ id: 9, name: 'switch', location: { startU: 9 } });

  const { deleted, held } = deletions(gone('deleted', 'deleted'), {
    ...shown,
    devices: [...shown.devices, byHand],
  });

  expect(deleted).toEqual(['device']);
  expect(held).toEqual(['rack: device switch stays in it']);
});

test('a device that was made by hand is not deleted, whatever the cloud says', () => {
  const devices = [device({ name: 'switch' })];

  expect(deletions({ trees: [tree()] }, { ...shown, devices }).deleted).toEqual([]);
});

const many = Array.from({ length: 10 }, (_, at) => `server-${at}`);
const full = {
  ...shown,
  devices: many.map((name, at) =>
    device({ id: at + 1, name, location: { startU: at + 1 }, metadata: { openstack_instance_id: name } }),
  ),
};
const answers = (evidence: Evidence, servers: readonly string[]) => ({
  servers: many.filter((id) => !servers.includes(id)).map((id) => server({ id })),
  trees: [tree({ servers: many })],
  evidence: { servers: Object.fromEntries(servers.map((id) => [id, evidence])) },
});

test('where too much has vanished at once none of it is deleted, and the warning says what to check', () => {
  const { deleted, held, warnings } = deletions(answers('not-found', many.slice(0, 6)), full);

  expect(deleted).toEqual([]);
  expect(held).toEqual(
    Array.from({ length: 6 }, () => 'device: too many are missing from OpenStack at once'),
  );
  expect(warnings).toEqual([expect.stringContaining('6 of 10 devices are missing from OpenStack')]);
});

test('so much is deleted where the cloud says so itself, where it is little, and where a person has looked', () => {
  const allowAll = settings({ deletions: { maxDeletions: 5, maxShare: 0.3, allowAll: true } });

  expect(deletions(answers('deleted', many), full).deleted).toHaveLength(10);
  expect(deletions(answers('not-found', many.slice(0, 5)), full).deleted).toHaveLength(5);
  expect(deletions(answers('not-found', many), full, allowAll).deleted).toHaveLength(10);
});

test('the limit holds for each kind by itself: the rest of the plan goes on', () => {
  const seen = { ...answers('not-found', many.slice(0, 6)), flavors: [flavor(), flavor({ id: 'new' })] };

  const planned = plan(cloud(seen), full, settings());

  expect(changesOf(planned).map(({ kind }) => kind)).toContain('create-template');
});

test('a template goes when its flavor is gone and nothing uses it', () => {
  const evidence = { flavors: { flavor: 'not-found' as const } };

  const templates = [...shown.templates, neighbour.template];
  const flavors = [flavor({ id: 'large' })];

  expect(deletions({ flavors, evidence }, { ...shown, templates, racks: [], devices: [] }).deleted).toEqual([
    'template',
  ]);
});

test('a template that a device made by hand uses stays, and so does one of a flavor that exists', () => {
  const byHand = { ...shown, racks: [rack()], devices: [device({ name: 'switch' })] };
  const empty = { ...shown, racks: [], devices: [] };

  expect(deletions({ flavors: [], evidence: { flavors: { flavor: 'not-found' } } }, byHand).deleted).toEqual(
    [],
  );
  expect(deletions({ flavors: [], evidence: { flavors: { flavor: 'exists' } } }, empty).deleted).toEqual([]);
});

test('a run about some stacks deletes nothing else, and no template', () => {
  const seen: CloudFields = {
    scope: { racks: ['other'], servers: ['other'] },
    flavors: [],
    evidence: { servers: { web: 'deleted' }, stacks: { stack: 'deleted' }, flavors: { flavor: 'not-found' } },
  };

  expect(deletions(seen)).toEqual({ deleted: [], held: [], warnings: [] });
});
