import fc from 'fast-check';
import { expect, test } from 'vitest';
import { observe } from '../../test/support/paper-cloud.ts';
import { PaperPortal } from '../../test/support/paper-portal.ts';
import { situation } from '../../test/support/situations.ts';
import type { PortalSnapshot } from '../concertim/model.ts';
import { changesOf, type Plan } from '../plan/change.ts';
import type { CloudObservation } from '../plan/observation.ts';
import { plan } from '../plan/plan.ts';
import { PlanMemory } from './plan-memory.ts';

interface Seen {
  readonly cloud: CloudObservation;
  readonly portal: PortalSnapshot;
}

/** What can differ from one run to the next; all else stays the same object. */
const events: Readonly<Record<string, (seen: Seen, at: number) => Seen>> = {
  nothing: (seen) => seen,
  'lists are read again': ({ cloud, portal }) => ({
    cloud: {
      ...cloud,
      servers: new Map(cloud.servers),
      trees: [...cloud.trees],
      flavors: structuredClone(cloud.flavors),
      evidence: { ...cloud.evidence, servers: new Map(cloud.evidence.servers) },
    },
    portal: { ...portal, devices: [...portal.devices], owners: structuredClone(portal.owners) },
  }),
  'a server is stopped': withServer((server) => ({ ...server, vmState: 'stopped' })),
  'a server is renamed': withServer((server) => ({ ...server, name: 'renamed' })),
  'a server is gone': withServer(() => undefined),
  'a server is reported as deleted': ({ cloud, portal }, at) => {
    const [id] = [...cloud.servers][at % cloud.servers.size] ?? [];
    const servers = new Map(cloud.evidence.servers);
    if (id) servers.set(id, 'deleted');
    return { cloud: { ...cloud, evidence: { ...cloud.evidence, servers } }, portal };
  },
  'a stack fails': ({ cloud, portal }, at) => ({
    cloud: {
      ...cloud,
      trees: changed(cloud.trees, at, (tree) => ({
        ...tree,
        root: { ...tree.root, status: 'UPDATE_FAILED' },
      })),
    },
    portal,
  }),
  'a stack is gone': ({ cloud, portal }, at) => ({
    cloud: { ...cloud, trees: changed(cloud.trees, at, () => undefined) },
    portal,
  }),
  'a flavor is gone': ({ cloud, portal }, at) => ({
    cloud: { ...cloud, flavors: changed(cloud.flavors, at, () => undefined) },
    portal,
  }),
  'a stack is remembered otherwise': ({ cloud, portal }, at) => {
    const remembered = new Map(cloud.remembered);
    const [id, tree] = [...remembered][at % remembered.size] ?? [];
    if (id && tree) remembered.set(id, { ...tree, servers: [], clusterType: 'other' });
    return { cloud: { ...cloud, remembered }, portal };
  },
  'orders are read': ({ cloud, portal }, at) => ({
    cloud: { ...cloud, orders: new Map(cloud.trees.map(({ root }) => [root.id, `order-${at}`])) },
    portal,
  }),
  'a device is edited': ({ cloud, portal }, at) => ({
    cloud,
    portal: {
      ...portal,
      devices: changed(portal.devices, at, (device) => ({ ...device, status: 'FAILED' })),
    },
  }),
  'a device is gone': ({ cloud, portal }, at) => ({
    cloud,
    portal: { ...portal, devices: changed(portal.devices, at, () => undefined) },
  }),
  'a rack is renamed': ({ cloud, portal }, at) => ({
    cloud,
    portal: { ...portal, racks: changed(portal.racks, at, (rack) => ({ ...rack, name: 'renamed' })) },
  }),
  'an owner is leaving': ({ cloud, portal }, at) => ({
    cloud,
    portal: { ...portal, owners: changed(portal.owners, at, (owner) => ({ ...owner, leaving: true })) },
  }),
  'a template is edited': ({ cloud, portal }, at) => ({
    cloud,
    portal: { ...portal, templates: changed(portal.templates, at, (each) => ({ ...each, ram: 77 })) },
  }),
};

const steps = fc.array(
  fc.record({
    event: fc.oneof(
      fc.constantFrom('nothing', 'lists are read again'),
      fc.constantFrom(...Object.keys(events)),
    ),
    at: fc.nat(20),
    isApplied: fc.boolean(),
  }),
  { minLength: 4, maxLength: 12 },
);

test('the plan that is remembered is the one that would be made', () => {
  let remembered = 0;
  fc.assert(
    fc.property(situation, steps, (given, steps) => {
      const settings = { ...given.settings, deletions: { ...given.settings.deletions, allowAll: true } };
      const memory = new PlanMemory();
      let seen: Seen = { cloud: observe(given.cloud, given.portal, given.memory), portal: given.portal };
      let last: Plan | undefined;
      for (const { event, at, isApplied } of steps) {
        seen = events[event]?.(seen, at) ?? seen;
        const made = plan(seen.cloud, seen.portal, settings);

        const planned = memory.plan(seen.cloud, seen.portal, settings);

        expect(asData(planned)).toEqual(asData(made));
        if (planned === last) remembered++;
        last = planned;
        if (isApplied) seen = { ...seen, portal: applied(made, seen.portal) };
      }
    }),
  );
  // Otherwise this has shown nothing.
  expect(remembered).toBeGreaterThan(50);
});

function asData(made: Plan) {
  return { ...made, members: made.members() };
}

function applied(made: Plan, snapshot: PortalSnapshot): PortalSnapshot {
  const changes = changesOf(made);
  if (changes.length === 0) return snapshot;
  const portal = new PaperPortal(snapshot);
  portal.apply(changes);
  return portal.snapshot();
}

function withServer(change: (server: object) => object | undefined) {
  return ({ cloud, portal }: Seen, at: number): Seen => {
    const servers = new Map(cloud.servers);
    const [id, server] = [...servers][at % servers.size] ?? [];
    if (!id || server?.kind !== 'server') return { cloud, portal };
    const other = change(server) as typeof server | undefined;
    if (other) servers.set(id, other);
    else servers.delete(id);
    return { cloud: { ...cloud, servers }, portal };
  };
}

function changed<T>(items: readonly T[], at: number, change: (item: T) => T | undefined): T[] {
  return items.flatMap((item, place) => (place === at % items.length ? (change(item) ?? []) : [item]));
}
