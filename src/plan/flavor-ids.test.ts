import { expect, test } from 'vitest';
import {
  type CloudFields,
  cloud,
  flavor,
  portal,
  server,
  settings,
  tree,
} from '../../test/support/builders.ts';
import { PaperPortal } from '../../test/support/paper-portal.ts';
import type { PortalSnapshot } from '../concertim/model.ts';
import type { Flavor } from '../openstack/model.ts';
import { changesOf, type Plan } from './change.ts';
import { plan } from './plan.ts';

const policy = { maxDeletions: 5, maxShare: 0.05, allowAll: false };
const small = { kind: 'embedded', name: 'm1', vcpus: 1, ram: 2048, disk: 20 } as const;
const servers = Array.from({ length: 20 }, (_, at) => `web-${at}`);

/** Twenty servers of one flavor; the cloud lists only these flavors. */
function siteWith(flavors: readonly Flavor[], fields: CloudFields = {}): CloudFields {
  return {
    flavors,
    servers: servers.map((id) => server({ id, flavor: small })),
    trees: [tree({ servers })],
    ...fields,
  };
}

function planOf(seen: CloudFields, before: PortalSnapshot = portal({ templates: [] })): Plan {
  return plan(cloud(seen), before, settings({ deletions: policy }));
}

function after(seen: CloudFields, before?: PortalSnapshot): PortalSnapshot {
  const paper = new PaperPortal(before ?? portal({ templates: [] }));
  paper.apply(changesOf(planOf(seen, before)));
  return paper.snapshot();
}

const old = flavor({ id: 'old-id', name: 'm1' });
const recreated = flavor({ id: 'new-id', name: 'm1' });
const goneFor = (id: string) => ({ evidence: { flavors: { [id]: 'not-found' as const } } });

test.each([
  ['that no list had when its servers were seen', siteWith([]), siteWith([old]), 'old-id'],
  ['that is recreated', siteWith([old]), siteWith([recreated], goneFor('old-id')), 'new-id'],
])(
  'a flavor %s gives its id to the template that is there, and no device is recreated',
  (_, first, then, id) => {
    const before = after(first);

    const found = planOf(then, before);

    expect(changesOf(found)).toEqual([
      {
        kind: 'update-template',
        template: before.templates[0],
        patch: { foreignId: id },
        reason: 'its flavor was recreated with another id',
        reasonCode: 'flavor-id-changed',
      },
    ]);
    expect([found.held, found.warnings]).toEqual([[], []]);
    expect(changesOf(planOf(then, after(then, before)))).toEqual([]);
  },
);

test('where the flavor has a template already, devices keep the one that says the same', () => {
  const shown = after(siteWith([]));
  const paper = new PaperPortal(shown);
  paper.apply(
    changesOf(planOf({ flavors: [flavor({ id: 'old-id', name: 'other' })] }, portal({ templates: [] }))),
  );
  const [other] = paper.snapshot().templates.filter(({ foreignId }) => foreignId === 'old-id');
  const before = {
    ...paper.snapshot(),
    templates: paper
      .snapshot()
      .templates.map((each) => (each === other ? { ...each, name: 'm1-old-id' } : each)),
  };

  const found = planOf(siteWith([old]), before);

  expect(changesOf(found)).toEqual([]);
  expect([found.held, found.warnings]).toEqual([[], []]);
});

test.each([
  ['has other sizes', [flavor({ id: 'new-id', name: 'm1', vcpus: 2 })]],
  ['has another name', [flavor({ id: 'new-id', name: 'm2' })]],
  ['is beside the old one', [old, flavor({ id: 'new-id', name: 'm1' })]],
])('a template stays with its flavor where the new one %s', (_, flavors) => {
  const before = after(siteWith([old]));

  const changes = changesOf(planOf(siteWith(flavors, goneFor('old-id')), before));

  expect(changes.map(({ kind }) => kind)).toEqual(['create-template']);
});

test('a template stays with a flavor that servers still name by its id', () => {
  const byId = servers.map((id) => server({ id, flavor: { kind: 'id', id: 'old-id' } }));
  const before = after(siteWith([old], { servers: byId }));

  const changes = changesOf(planOf(siteWith([recreated], { servers: byId, ...goneFor('old-id') }), before));

  expect(changes.map(({ kind }) => kind)).toEqual(['create-template']);
});

test.each([
  ['a server that it has seen names', servers, ['update-template']],
  ['no server that it has seen names', [], []],
])('a targeted run believes a flavor that %s', (_, seen, expected) => {
  const before = after(siteWith([]));

  const site = siteWith([old], { scope: { racks: ['stack'], servers: seen } });
  const some = { ...site, servers: (site.servers ?? []).filter(({ id }) => seen.includes(id)) };

  expect(changesOf(planOf(some, before)).map(({ kind }) => kind)).toEqual(expected);
});
