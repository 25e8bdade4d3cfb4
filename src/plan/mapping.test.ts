import { expect, test } from 'vitest';
import {
  cloud,
  device,
  flavor,
  portal,
  rack,
  server,
  settings,
  template,
  tree,
} from '../../test/support/builders.ts';
import { changesOf } from './change.ts';
import { plan } from './plan.ts';

const twoServers = {
  servers: [server({ id: 'web' }), server({ id: 'build-1' })],
  trees: [tree({ servers: ['web', 'build-1'] })],
};
const shown = {
  racks: [rack({ name: 'stack', metadata: { openstack_stack_id: 'stack' } })],
  templates: [
    template({
      name: 'flavor',
      foreignId: 'flavor',
      description: 'Flavor from OpenStack',
      vcpus: 1,
      ram: 2048,
      disk: 20,
    }),
  ],
  devices: [
    device({ id: 1, name: 'web', metadata: { openstack_instance_id: 'web' } }),
    device({
      id: 2,
      name: 'build-1',
      location: { startU: 2 },
      metadata: { openstack_instance_id: 'build-1' },
    }),
  ],
};

const kindsOf = (...of: Parameters<typeof plan>) =>
  changesOf(plan(...of))
    .map(({ kind }) => kind)
    .sort();
const drafts = (...of: Parameters<typeof plan>) =>
  changesOf(plan(...of)).flatMap((change) => ('draft' in change ? [change.draft] : []));

test('a rack is named as the mapping says, within what the portal takes', () => {
  const rackName = () => 'Günther: cluster';

  const [name] = drafts(cloud({ trees: [tree()] }), portal(), settings({ rackName })).flatMap((draft) =>
    'ownerId' in draft ? [draft.name] : [],
  );

  expect(name).toBe('G-nther--cluster');
});

test('a server that the mapping leaves out gets no device, and one that it has is removed', () => {
  const includesServer = ({ name }: { name: string }) => !name.startsWith('build-');

  const created = kindsOf(cloud(twoServers), portal(), settings({ includesServer }));
  const changed = changesOf(plan(cloud(twoServers), portal(shown), settings({ includesServer })));

  expect(created).toEqual(['create-device', 'create-rack', 'create-template']);
  expect(changed.filter(({ kind }) => kind.startsWith('delete'))).toMatchObject([
    { kind: 'delete-device', device: { name: 'build-1' } },
  ]);
});

test('a stack that the mapping leaves out gets no rack; the one that it has is removed with its devices', () => {
  const includesStack = () => false;

  expect(kindsOf(cloud(twoServers), portal(), settings({ includesStack }))).toEqual(['create-template']);
  expect(kindsOf(cloud(twoServers), portal(shown), settings({ includesStack }))).toEqual([
    'delete-device',
    'delete-device',
    'delete-rack',
  ]);
});

test('the servers of a stack that is left out do not count as servers without a stack', () => {
  const chosen = settings({ includesStack: () => false, standaloneServers: 'rack' });

  expect(kindsOf(cloud(twoServers), portal(), chosen)).toEqual(['create-template']);
});

test('a server may have a template of its own, made beside that of its flavor', () => {
  const deviceTemplate: NonNullable<Parameters<typeof settings>[0]>['deviceTemplate'] = ({ name }, usual) =>
    name === 'web' ? { ...usual, foreignId: `big-${usual.foreignId}`, name: 'big', height: 4 } : usual;

  const changes = changesOf(plan(cloud(twoServers), portal(), settings({ deviceTemplate })));

  expect(changes.filter(({ kind }) => kind === 'create-template')).toMatchObject([
    { draft: { foreignId: 'big-flavor', name: 'big', height: 4, vcpus: 1 } },
    { draft: { foreignId: 'flavor', name: 'flavor', height: 1 } },
  ]);
  expect(changes.filter(({ kind }) => kind === 'create-device')).toMatchObject([
    { draft: { name: 'build-1' }, template: { key: 'flavor' } },
    { draft: { name: 'web' }, template: { key: 'big-flavor' } },
  ]);
});

test("a template of one's own goes once nothing uses it and no server wants it", () => {
  const own = template({ id: 2, name: 'big', foreignId: 'big-flavor', height: 4 });
  const seen = cloud({ flavors: [flavor()], evidence: { flavors: { 'big-flavor': 'not-found' } } });
  const templates = [...shown.templates, own];

  expect(kindsOf(seen, portal({ templates }), settings())).toEqual(['delete-template']);
});
