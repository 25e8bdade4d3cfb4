import { expect, test } from 'vitest';
import {
  cloud,
  device,
  flavor,
  owner,
  portal,
  rack,
  server,
  settings,
  template,
  tree,
  volume,
} from '../../test/support/builders.ts';
import type { Device, PortalSnapshot } from '../concertim/model.ts';
import { profiles } from '../concertim/profile.ts';
import { changesOf, type Plan } from './change.ts';
import type { CloudObservation, Evidence } from './observation.ts';
import { plan } from './plan.ts';
import type { PlanSettings } from './plan-settings.ts';

interface Site {
  readonly owners: number;
  /** Stacks of each owner. */
  readonly stacks: number;
  /** Servers of each stack. */
  readonly servers: number;
}

const policy = { maxDeletions: 5, maxShare: 0.05, allowAll: false };
const chosen = (fields: Partial<PlanSettings> = {}) => settings({ deletions: policy, ...fields });

/** Stacks with their servers, and a portal that shows them. */
function siteOf({ owners, stacks, servers }: Site) {
  const trees = each(owners, (o) =>
    each(stacks, (s) =>
      tree({ id: `s-${o}-${s}`, projectId: `p-${o}`, servers: each(servers, (d) => `d-${o}-${s}-${d}`) }),
    ),
  ).flat();
  const cloudServers = trees.flatMap(({ root, content }) =>
    (content?.servers ?? []).map((id) => server({ id, projectId: root.projectId })),
  );
  const known = each(owners, (o) => owner({ id: o + 2, name: `user-${o}`, projectId: `p-${o}` }));
  const empty = portal({ owners: known, templates: [] });
  const seen = { trees, servers: cloudServers, flavors: [flavor()] };
  const racks = trees.map(({ root }, at) =>
    rack({
      id: at + 1,
      ownerId: known.find(({ projectId }) => projectId === root.projectId)?.id as number,
      name: root.id,
      creationOutput: '',
      metadata: { openstack_stack_id: root.id },
    }),
  );
  const devices = cloudServers.map(({ id }, at) => {
    const rackAt = Math.floor(at / servers);
    return device({
      id: at + 1,
      name: id,
      location: { rackId: rackAt + 1, startU: (at % servers) + 1 },
      metadata: { openstack_instance_id: id },
    });
  });
  const shown = { ...empty, racks, devices, templates: [template({ name: 'flavor', foreignId: 'flavor' })] };
  return { seen, shown };
}

function each<T>(count: number, make: (at: number) => T): T[] {
  return Array.from({ length: count }, (_, at) => make(at));
}

/** The site without what a fault hides. A query by id finds nothing, or what `evidence` says. */
function without(
  { seen, shown }: ReturnType<typeof siteOf>,
  hides: { readonly server?: (id: string) => boolean; readonly stack?: (id: string) => boolean },
  evidence: (id: string) => Evidence | undefined = () => 'not-found',
): CloudObservation {
  const hidesServer = hides.server ?? (() => false);
  const hidesStack = hides.stack ?? (() => false);
  const answers = (ids: readonly string[]) =>
    Object.fromEntries(
      ids.flatMap((id) => (evidence(id) === undefined ? [] : [[id, evidence(id)]])),
    ) as Record<string, Evidence>;
  return cloud({
    flavors: seen.flavors,
    servers: seen.servers.filter(({ id }) => !hidesServer(id)),
    trees: seen.trees.filter(({ root }) => !hidesStack(root.id)),
    evidence: {
      servers: answers(seen.servers.map(({ id }) => id as string).filter(hidesServer)),
      stacks: answers(
        shown.racks.map(({ metadata }) => String(metadata['openstack_stack_id'])).filter(hidesStack),
      ),
    },
  });
}

function removed(planned: Plan): string[] {
  return changesOf(planned)
    .filter(({ kind }) => /^(delete|replace)-/.test(kind))
    .map((change) => ('device' in change ? change.device.name : change.kind));
}

function removals(planned: Plan): number {
  return removed(planned).length;
}

const all = () => true;
const some = siteOf({ owners: 20, stacks: 5, servers: 4 });

test.each([
  { gone: 5, of: 6, goes: true },
  { gone: 6, of: 100, goes: false },
  { gone: 5, of: 100, goes: true },
  { gone: 5, of: 5, goes: false },
  { gone: 1, of: 1, goes: false },
])('$gone of the $of devices of one owner that are merely absent: deleted $goes', ({ gone, of, goes }) => {
  const site = siteOf({ owners: 1, stacks: 1, servers: of });
  const isGone = (id: string) => Number(id.split('-')[3]) < gone;

  const planned = plan(without(site, { server: isGone }), site.shown, chosen());

  expect(removals(planned)).toBe(goes ? gone : 0);
  expect(planned.warnings).toHaveLength(goes ? 0 : 1);
});

test('what is absent is measured against all that is ours, whether it was queried or not', () => {
  const asked = (id: string): Evidence | undefined => (id.startsWith('d-0-') ? 'not-found' : undefined);

  const planned = plan(without(some, { server: all }, asked), some.shown, chosen());

  expect(removals(planned)).toBe(0);
  expect(planned.warnings).toEqual([
    expect.stringContaining('400 of 400 devices are missing from OpenStack'),
  ]);
});

test('a tenth that is absent, a few of each owner, is too much, and so is one that cannot be queried', () => {
  const isTenth = (id: string) => id.endsWith('-0-0') || id.endsWith('-1-0');
  const site = siteOf({ owners: 20, stacks: 5, servers: 4 });

  for (const answer of ['not-found', 'unknown'] as const) {
    const planned = plan(
      without(site, { server: isTenth }, () => answer),
      site.shown,
      chosen(),
    );

    expect(removals(planned)).toBe(0);
    expect(planned.warnings).toEqual([
      expect.stringContaining('40 of 400 devices are missing from OpenStack'),
    ]);
  }
});

test('what the cloud says itself that it deleted goes, however much it is', () => {
  const planned = plan(
    without(some, { server: all, stack: all }, () => 'deleted'),
    some.shown,
    chosen(),
  );

  expect(removals(planned)).toBe(500);
  expect(planned.warnings).toEqual([]);
});

test('of a refused lot those with a proof still go', () => {
  const answer = (id: string): Evidence => (id.startsWith('d-7-') ? 'deleted' : 'not-found');
  const isOfHalf = (id: string) => Number(id.split('-')[1]) < 10;

  const planned = plan(without(some, { server: isOfHalf }, answer), some.shown, chosen());

  expect(removals(planned)).toBe(20);
});

test('one owner whose part is too much keeps it; the others lose what they have lost', () => {
  const isGone = (id: string) => id.startsWith('d-3-') || id === 'd-4-0-0';

  const planned = plan(without(some, { server: isGone }), some.shown, chosen());

  expect(removed(planned)).toEqual(['d-4-0-0']);
  expect(planned.warnings).toEqual([expect.stringContaining('nothing of user-3 is deleted')]);
});

test.each([9, 500])(
  '%i racks and devices that one owner has made up neither stop the others nor let them go',
  (count) => {
    const made = withInventions(some.shown, count);
    const few = plan(without(some, { server: (id) => id === 'd-4-0-0' }), made, chosen());
    const blind = plan(without(some, { server: (id) => !id.startsWith('d-3-') }), made, chosen());

    expect(removed(few)).toEqual(['d-4-0-0']);
    expect(few.isWrongCloud).toBe(false);
    expect(removals(blind)).toBe(0);
  },
);

/** Racks of a user that name stacks which never were, each with a device of a server which never was. */
function withInventions(shown: PortalSnapshot, count: number): PortalSnapshot {
  const made = Array.from({ length: count }, (_, at) => ({
    rack: rack({
      id: 5_000 + at,
      ownerId: 2 + 3,
      name: `made-${at}`,
      metadata: { openstack_stack_id: `no-stack-${at}` },
    }),
    device: device({
      id: 5_000 + at,
      name: `made-${at}`,
      location: { rackId: 5_000 + at },
      metadata: { openstack_instance_id: `no-server-${at}` },
    }),
  }));
  return {
    ...shown,
    racks: [...shown.racks, ...made.map((each) => each.rack)],
    devices: [...shown.devices, ...made.map((each) => each.device)],
  };
}

test('copies of a device do not make its owner greater', () => {
  const site = siteOf({ owners: 1, stacks: 1, servers: 20 });
  const copies = Array.from({ length: 500 }, (_, at) =>
    device({
      id: 1_000 + at,
      name: `copy-${at}`,
      location: { startU: 30 },
      metadata: { openstack_instance_id: 'd-0-0-19' },
    }),
  );
  const shown = { ...site.shown, devices: [...site.shown.devices, ...copies] };
  const isGone = (id: string) => Number(id.split('-')[3]) < 6;

  const planned = plan(without(site, { server: isGone }), shown, chosen());

  expect(planned.warnings).toEqual([expect.stringContaining('6 of 20 devices')]);
});

test.each([
  ['another cloud', { server: all, stack: all }],
  [
    'almost another cloud',
    { server: (id: string) => id !== 'd-0-0-0', stack: (id: string) => id !== 's-0-0' },
  ],
  ['another Nova', { server: all }],
  ['almost another Nova', { server: (id: string) => id !== 'd-0-0-0' }],
])('%s is recognised: nothing is changed, templates and creations included', (_name, hides) => {
  const site = siteOf({ owners: 5, stacks: 5, servers: 4 });
  const seen = {
    ...without(site, hides),
    flavors: [flavor({ id: 'other' })],
    trees: [...without(site, hides).trees, tree({ id: 'strange', projectId: 'p-1' })],
  };

  const planned = plan(seen, site.shown, chosen());

  expect(changesOf(planned)).toEqual([]);
  expect(planned.isWrongCloud).toBe(true);
  expect(planned.warnings).toEqual([expect.stringContaining('of 100 devices')]);
});

test('another Heat is recognised: what its stacks would be shown as is not made', () => {
  const site = siteOf({ owners: 5, stacks: 5, servers: 4 });
  const seen = without(site, { stack: all });
  const strange = { ...seen, trees: [tree({ id: 'strange', projectId: 'p-1' })] };

  const planned = plan(strange, site.shown, chosen());

  expect(changesOf(planned)).toEqual([]);
  expect(planned.isWrongCloud).toBe(true);
  expect(planned.warnings).toEqual([
    expect.stringMatching(/^Almost none of the stacks that .* 25 of 25 racks are missing from OpenStack/),
  ]);
});

test('Nova and Heat of another cloud are recognised beside the Cinder of the right one', () => {
  const site = siteOf({ owners: 5, stacks: 5, servers: 4 });
  const volumes = site.shown.racks.flatMap(({ id: rackId, name }, at) =>
    each(4, (v) => ({
      seen: volume({ id: `v-${name}-${v}`, projectId: `p-${Math.floor(at / 5)}` }),
      shown: {
        ...device({
          id: 1_000 + 4 * at + v,
          name: `v-${name}-${v}`,
          location: { rackId, startU: 10 + 2 * v },
          metadata: { openstack_instance_id: `v-${name}-${v}` },
        }),
        kind: 'volume',
      } as Device,
    })),
  );
  const shown = {
    ...site.shown,
    profile: profiles.main,
    devices: [...site.shown.devices, ...volumes.map((each) => each.shown)],
  };
  const strange = each(100, (at) => server({ id: `strange-${at}`, projectId: `p-${at % 5}` }));
  const seen = {
    ...without(site, { server: all, stack: all }),
    volumes: new Map(volumes.map(({ seen }) => [seen.id, seen])),
    servers: new Map(strange.map((one) => [one.id, one])),
    trees: each(5, (o) =>
      tree({
        id: `strange-${o}`,
        projectId: `p-${o}`,
        servers: strange.filter(({ projectId }) => projectId === `p-${o}`).map(({ id }) => id),
      }),
    ),
  };

  const planned = plan(seen, shown, chosen());

  expect(changesOf(planned)).toEqual([]);
  expect(planned.warnings).toEqual([
    expect.stringContaining('100 of 100 devices, 25 of 25 racks are missing'),
  ]);
});

test('servers that were all recreated in their stacks show that Nova is the right one', () => {
  const site = siteOf({ owners: 1, stacks: 1, servers: 4 });
  const again = server({ id: 'again', projectId: 'p-0' });
  const seen = {
    ...without(site, { server: all }),
    servers: new Map([[again.id, again]]),
    trees: [tree({ id: 's-0-0', projectId: 'p-0', servers: ['again'] })],
  };

  const planned = plan(seen, site.shown, chosen());

  expect(planned.isWrongCloud).toBe(false);
  expect(changesOf(planned)).toContainEqual(expect.objectContaining({ kind: 'create-device' }));
  expect(planned.held).toHaveLength(4);
});

test('one owner who alone has devices, all made up, has nobody taken for being in another cloud', () => {
  const site = siteOf({ owners: 4, stacks: 2, servers: 0 });
  const seen = {
    ...without(site, {}),
    trees: [...site.seen.trees, tree({ id: 'further', projectId: 'p-1' })],
  };

  const planned = plan(seen, withInventions(site.shown, 3), chosen());

  expect(planned.isWrongCloud).toBe(false);
  expect(changesOf(planned).map(({ kind }) => kind)).toContain('create-rack');
});

test('five racks with a device each that are all gone from a small site stay', () => {
  const site = siteOf({ owners: 1, stacks: 5, servers: 1 });

  for (const hides of [{ server: all }, { stack: all }, { server: all, stack: all }]) {
    expect(removals(plan(without(site, hides), site.shown, chosen()))).toBe(0);
  }
});

test('what a mapping leaves out is measured too', () => {
  const seen = without(some, {});

  const many = plan(seen, some.shown, chosen({ includesServer: ({ id }) => !id.endsWith('-0') }));
  const few = plan(seen, some.shown, chosen({ includesServer: ({ id }) => !id.startsWith('d-1-0-') }));

  expect(removals(many)).toBe(0);
  expect(many.warnings).toEqual([
    expect.stringContaining('100 of 400 devices would be deleted or recreated'),
  ]);
  expect(removals(few)).toBe(4);
});

test('flavors that were all recreated under other ids do not have every device recreated', () => {
  const small = siteOf({ owners: 4, stacks: 5, servers: 4 });
  const seen = {
    ...without(small, {}),
    servers: new Map(
      small.seen.servers.map((each) => [
        each.id,
        { ...each, flavor: { kind: 'id', id: 'flavor-again' } as never },
      ]),
    ),
    flavors: [flavor({ id: 'flavor-again', name: 'flavor' })],
  };

  const planned = plan(seen, small.shown, chosen());

  expect(removals(planned)).toBe(0);
  expect(planned.warnings).toContainEqual(expect.stringContaining('80 of 80 devices'));
});

test('servers that all turn up in other stacks do not have every device recreated', () => {
  const small = siteOf({ owners: 2, stacks: 5, servers: 4 });
  const trees = small.seen.trees.map(({ root }, at) => {
    const servers = small.seen.trees[5 * Math.floor(at / 5) + ((at + 1) % 5)]?.content?.servers ?? [];
    return tree({ ...root, servers });
  });

  const planned = plan({ ...without(small, {}), trees }, small.shown, chosen());

  expect(removals(planned)).toBe(0);
  expect(planned.warnings).toEqual([
    expect.stringContaining('40 of 40 devices would be deleted or recreated'),
  ]);
});

test('servers that were resized have their devices recreated, however many they are', () => {
  const small = siteOf({ owners: 1, stacks: 1, servers: 12 });
  const seen = {
    ...without(small, {}),
    servers: new Map(
      small.seen.servers.map((each) => [each.id, { ...each, flavor: { kind: 'id', id: 'large' } as never }]),
    ),
    flavors: [flavor(), flavor({ id: 'large' })],
  };

  expect(removals(plan(seen, small.shown, chosen()))).toBe(12);
});

test('a person who has looked lets everything through', () => {
  const deletions = { ...policy, allowAll: true };
  const seen = without(some, { server: all, stack: all });

  const planned = plan(seen, some.shown, chosen({ deletions }));

  expect(removals(planned)).toBe(500);
  expect(planned.warnings).toEqual([]);
});
