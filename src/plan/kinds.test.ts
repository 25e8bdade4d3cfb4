import { expect, test } from 'vitest';
import {
  type CloudFields,
  cloud,
  network,
  owner,
  portal,
  server,
  settings,
  type TreeFields,
  template,
  tree,
  volume,
} from '../../test/support/builders.ts';
import { PaperPortal } from '../../test/support/paper-portal.ts';
import type { Device, PortalSnapshot } from '../concertim/model.ts';
import { profiles, type Release, releases } from '../concertim/profile.ts';
import { changesOf } from './change.ts';
import type { CloudObservation } from './observation.ts';
import { plan } from './plan.ts';

const withKinds = releases.filter((release) => profiles[release].statuses.volume.length > 0);
const withoutKinds = releases.filter((release) => !withKinds.includes(release));

/** The templates that a portal with kinds has from its own seeds. */
const seeded = [
  template({ id: 1, name: 'network', tag: 'network', height: 1, description: 'Network' }),
  template({ id: 2, name: 'volume', tag: 'volume', height: 2, description: 'Volume' }),
];

const fresh = (release: Release, templates = seeded): PortalSnapshot =>
  portal({ profile: profiles[release], owners: [owner()], templates });

const members: TreeFields = {
  servers: ['web', 'db'],
  volumes: ['data', 'spare'],
  networks: ['lan'],
};
const objects: CloudFields = {
  servers: [server({ id: 'web' }), server({ id: 'db' })],
  volumes: [
    volume({ id: 'data', servers: ['db'] }),
    volume({ id: 'spare', status: 'available', name: '' }),
    volume({ id: 'of-nobody-here' }),
  ],
  networks: [network({ id: 'lan' }), network({ id: 'merely-used' })],
};
const seen = cloud({ trees: [tree(members)], ...objects });

function planOf(observed: CloudObservation, before: PortalSnapshot) {
  return plan(observed, before, settings());
}

function applied(observed: CloudObservation, before: PortalSnapshot): PortalSnapshot {
  const paper = new PaperPortal(before);
  paper.apply(changesOf(planOf(observed, before)));
  return paper.snapshot();
}

const shownAs = ({ kind, name, status, location }: Device) =>
  `${kind} ${name} ${status} ${location?.startU}–${location?.endU}`;

test.each(withKinds)(
  '%s: what a stack is made of is shown once, each by its kind, and then nothing is changed',
  (release) => {
    const after = applied(seen, fresh(release));

    const spare = release === '1.2' ? 'STOPPED' : 'AVAILABLE';
    expect(after.devices.map(shownAs).sort()).toEqual([
      'network lan ACTIVE 42–42',
      'server db ACTIVE 1–1',
      'server web ACTIVE 4–4',
      'volume data ACTIVE 2–3',
      `volume volume-spare ${spare} 5–6`,
    ]);
    expect(changesOf(planOf(seen, after))).toEqual([]);
  },
);

test.each(withoutKinds)('%s: a portal without kinds shows servers alone', (release) => {
  const after = applied(seen, fresh(release, []));

  expect(after.devices.map(({ kind, name }) => `${kind} ${name}`).sort()).toEqual([
    'server db',
    'server web',
  ]);
  expect(after.templates.map(({ name }) => name)).toEqual(['flavor']);
});

test('seeded templates are used as they are, even when someone has changed them', () => {
  const templates = seeded.map((each) => ({ ...each, name: `our ${each.name}`, height: 3 }));

  const after = applied(seen, fresh('main', templates));

  expect(after.templates.filter(({ tag }) => tag)).toEqual(templates);
  const heights = after.devices
    .filter(({ kind }) => kind !== 'server')
    .map(({ location }) => Number(location?.endU) - Number(location?.startU) + 1);
  expect(heights).toEqual([3, 3, 3]);
});

test('one that is missing is made where a device needs it, under another name where its own is taken', () => {
  const templates = [template({ id: 7, name: 'volume' })];

  const after = applied(
    cloud({ trees: [tree({ volumes: ['data'] })], ...objects }),
    fresh('main', templates),
  );

  expect(after.templates).toContainEqual(template({ id: 7, name: 'volume' }));
  expect(
    after.templates.filter(({ tag }) => tag).map(({ tag, name, height }) => ({ tag, name, height })),
  ).toEqual([{ tag: 'volume', name: 'volume-volume', height: 2 }]);
});

test('a flavor whose id is the tag of a template is not that template', () => {
  const observed: CloudFields = {
    trees: [tree({ servers: ['web'], volumes: ['data'] })],
    ...objects,
    servers: [server({ id: 'web', flavor: { kind: 'id', id: 'volume' } })],
    flavors: [{ id: 'volume' as never, name: 'm1', vcpus: 1, ram: 1, disk: 1 }],
  };

  const after = applied(cloud(observed), fresh('main', []));

  const tagOf = (device: Device) => after.templates.find(({ id }) => id === device.templateId)?.tag ?? null;
  expect(after.devices.map((device) => `${device.kind} ${tagOf(device)}`).sort()).toEqual([
    'server null',
    'volume volume',
  ]);
});

test('a volume that is attached later stands next above its server, where that is free', () => {
  const before = applied(cloud({ ...objects, trees: [tree({ servers: ['web', 'db'] })] }), fresh('main'));
  const without = applied(
    cloud({
      ...objects,
      trees: [tree({ servers: ['web'] })],
      servers: [server({ id: 'web' })],
      evidence: { servers: { db: 'deleted' } },
    }),
    before,
  );

  const after = applied(
    cloud({
      trees: [tree({ servers: ['web'], volumes: ['data'] })],
      servers: [server({ id: 'web' })],
      volumes: [volume({ id: 'data', servers: ['web'] })],
    }),
    without,
  );

  expect(after.devices.map(shownAs)).toEqual(['server web ACTIVE 2–2', 'volume data ACTIVE 3–4']);
});

test('an object follows its state, and its device stays where it is', () => {
  const before = applied(seen, fresh('main'));
  const changed = cloud({
    trees: [tree(members)],
    ...objects,
    volumes: [
      volume({ id: 'data', status: 'error_extending' }),
      volume({ id: 'spare', name: 'named', size: 20 }),
    ],
    networks: [network({ id: 'lan', adminStateUp: false })],
  });

  const after = applied(changed, before);

  expect(changesOf(planOf(changed, before)).map(({ kind }) => kind)).toEqual([
    'update-device',
    'update-device',
    'update-device',
  ]);
  expect(after.devices.map(shownAs).sort()).toEqual([
    'network lan STOPPED 42–42',
    'server db ACTIVE 1–1',
    'server web ACTIVE 4–4',
    'volume data FAILED 2–3',
    'volume named ACTIVE 5–6',
  ]);
});

test('what a kind that was not observed is shown as stays as it is, and is not missed', () => {
  const before = applied(seen, fresh('main'));

  const planned = planOf(
    cloud({ trees: [tree(members)], ...objects, volumes: null, networks: null }),
    before,
  );

  expect(changesOf(planned)).toEqual([]);
  expect(planned.held).toEqual([]);
  expect(planned.warnings).toEqual([]);
});

test('it goes with its stack, whether it was observed or not', () => {
  const before = applied(seen, fresh('main'));
  const gone = cloud({
    volumes: null,
    networks: [],
    evidence: {
      stacks: { stack: 'deleted' },
      servers: { web: 'not-found', db: 'not-found' },
      networks: { lan: 'hidden' },
    },
  });

  const after = applied(gone, before);

  expect(after.devices).toEqual([]);
  expect(after.racks).toEqual([]);
});

test.each([
  ['deleted', 0],
  ['not-found', 0],
  ['hidden', 1],
  ['unknown', 1],
  ['exists', 1],
  ['disputed', 1],
] as const)('a volume that is in no list, and %s by id: %i stays', (answer, staying) => {
  const before = applied(seen, fresh('main'));
  const planned = planOf(
    cloud({
      trees: [tree(members)],
      ...objects,
      volumes: [volume({ id: 'spare', status: 'available', name: '' })],
      evidence: { volumes: { data: answer } },
    }),
    before,
  );

  const paper = new PaperPortal(before);
  paper.apply(changesOf(planned));
  expect(paper.snapshot().devices.filter(({ name }) => name === 'data')).toHaveLength(staying);
  expect(planned.held).toHaveLength(staying);
});

test('when all volumes vanish at once nothing of them goes, however many servers are there', () => {
  const before = applied(seen, fresh('main'));

  const planned = planOf(
    cloud({
      trees: [tree(members)],
      ...objects,
      volumes: [],
      evidence: { volumes: { data: 'not-found', spare: 'not-found' } },
    }),
    before,
  );

  expect(changesOf(planned)).toEqual([]);
  expect(planned.warnings).toEqual([expect.stringMatching(/^2 of 2 volumes are missing from OpenStack/)]);
});

test("a tree that names another project's volume does not show it", () => {
  const observed = cloud({
    trees: [tree({ volumes: ['theirs'], networks: ['theirs-too'] })],
    volumes: [volume({ id: 'theirs', projectId: 'elsewhere' })],
    networks: [network({ id: 'theirs-too', projectId: 'elsewhere' })],
  });

  expect(applied(observed, fresh('main')).devices).toEqual([]);
});

test("a device of a volume of another project than its rack's owner's is not ours", () => {
  const before = applied(seen, fresh('main'));
  const moved = cloud({
    trees: [tree(members)],
    ...objects,
    volumes: [
      volume({ id: 'data', projectId: 'elsewhere' }),
      volume({ id: 'spare', status: 'available', name: '' }),
    ],
  });

  const planned = planOf(moved, before);

  expect(planned.foreign.map(({ claim }) => claim)).toEqual(['volume data of project elsewhere']);
  expect(changesOf(planned)).toEqual([]);
});

test('a server and a volume of one name stand beside each other in one rack', () => {
  const observed = cloud({
    trees: [tree({ servers: ['a'], volumes: ['b'] })],
    servers: [server({ id: 'a', name: 'same' })],
    volumes: [volume({ id: 'b', name: 'same' })],
  });

  const after = applied(observed, fresh('main'));

  expect(after.devices.map(({ name }) => name).sort()).toEqual(['same', 'same-b']);
  expect(changesOf(planOf(observed, after))).toEqual([]);
});

test('a rack grows for what its networks leave no room for', () => {
  const ids = Array.from({ length: 22 }, (_, at) => `v${at}`);
  const observed = cloud({
    trees: [tree({ volumes: ids, networks: ['lan'] })],
    volumes: ids.map((id) => volume({ id })),
    networks: [network({ id: 'lan' })],
  });
  const small = applied(
    cloud({
      trees: [tree({ volumes: ids.slice(0, 20), networks: ['lan'] })],
      volumes: ids.slice(0, 20).map((id) => volume({ id })),
      networks: [network({ id: 'lan' })],
    }),
    fresh('main'),
  );

  const after = applied(observed, small);

  expect(after.racks.map(({ height }) => height)).toEqual([46]);
  expect(after.devices).toHaveLength(23);
  expect(changesOf(planOf(observed, after))).toEqual([]);
});
