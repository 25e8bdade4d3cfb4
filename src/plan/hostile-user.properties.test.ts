import { assert, property } from 'fast-check';
import { expect, test } from 'vitest';
import { owner } from '../../test/support/builders.ts';
import { type Claimed, hostileActs, withoutUser, withPart } from '../../test/support/hostile-user.ts';
import { observe } from '../../test/support/paper-cloud.ts';
import { PaperPortal } from '../../test/support/paper-portal.ts';
import { type Situation, situation } from '../../test/support/situations.ts';
import type { OwnerId, PortalSnapshot } from '../concertim/model.ts';
import { changesOf, type Plan } from './change.ts';
import { deletedStacksOf } from './membership.ts';
import { keyOfSource, sourceOfRack } from './ownership.ts';
import { plan } from './plan.ts';

/*
 * The third actor beside the cloud and the service: a portal user who has a project with nothing in it, and writes into racks and
 * devices of his own what he likes. More runs: `PLAN_RUNS=5000 npx vitest run src/plan/hostile-user.properties.test.ts`.
 */

const numRuns = Number(process.env['PLAN_RUNS'] ?? 100);
const mallory = 99 as OwnerId;

test('whatever a user writes into racks and devices of his own, the others are shown what they would be without him', () => {
  assert(
    property(situation, hostileActs, (told, acts) => {
      const { given, portal } = beset(told, acts);

      const alone = planOf(given, given.portal);
      const beside = planOf(given, portal);

      // Where the brake holds, plans differ; brake.test.ts shows that it holds for the hostile user alone.
      if (alone.warnings.length > 0 || beside.warnings.length > 0) return;
      const expected = pictureOf(others(applied(alone, given.portal)));
      expect(pictureOf(others(applied(beside, portal)))).toEqual(expected);
    }),
    { numRuns },
  );
});

test('nothing of others is shown to him: what he has is changed by nobody, or is his to lose', () => {
  assert(
    property(situation, hostileActs, (told, acts) => {
      const { given, portal } = beset(told, acts);

      const after = applied(planOf(given, portal), portal);

      // The rack of a stack that his project has deleted goes, or is stopped where a device stays in it.
      const deleted = deletedStacksOf(observe(given.cloud, portal, given.memory));
      const stopped = portal.racks.filter((rack) => {
        const source = rack.ownerId === mallory && sourceOfRack(rack);
        return source && deleted.has(keyOfSource(source));
      });
      const rows = [...hisOf(portal), ...stopped.map((rack) => ({ ...rack, status: 'STOPPED' }))];
      const before = new Set(rows.map((row) => JSON.stringify(row)));
      expect(hisOf(after).filter((row) => !before.has(JSON.stringify(row)))).toEqual([]);
    }),
    { numRuns },
  );
});

test('what he has made gone, one full run is in step', () => {
  assert(
    property(situation, hostileActs, (told, acts) => {
      const { given, portal } = beset(told, acts);
      const during = planOf(given, portal);
      const removed = withoutUser(applied(during, portal), mallory);

      const healed = planOf(given, removed);
      const after = applied(healed, removed);

      if (during.warnings.length + healed.warnings.length > 0) return;
      expect(changesOf(planOf(given, after))).toEqual([]);
    }),
    { numRuns },
  );
});

/**
 * The situation with him in it, before and after his acts. Where he is the worst offender, he alone decides
 * whether the brake holds.
 */
function beset(
  { portal: before, ...world }: Situation,
  acts: (claimed: Claimed, owner: OwnerId) => Pick<PortalSnapshot, 'racks' | 'devices'>,
): { given: Situation; portal: PortalSnapshot } {
  const him = owner({ id: 99, name: 'mallory', projectId: 'mallorys' });
  const portal = { ...before, owners: [...before.owners, him] };
  const [template] = portal.templates;
  const claimed: Claimed = {
    stacks: world.cloud.stacks.map(({ root }) => root.id),
    projects: ['p1', 'p2', 'p3'],
    servers: world.cloud.servers.map(({ server }) => server.id),
    templateId: template?.id ?? (1 as never),
  };
  const made = acts(claimed, mallory);
  const part = template ? made : { racks: made.racks, devices: [] };
  return { given: { ...world, portal }, portal: withPart(portal, part) };
}

function planOf({ cloud, settings, memory }: Situation, portal: PortalSnapshot): Plan {
  return plan(observe(cloud, portal, memory), portal, settings);
}

function applied(planned: Plan, snapshot: PortalSnapshot): PortalSnapshot {
  const portal = new PaperPortal(snapshot);
  portal.apply(changesOf(planned));
  return portal.snapshot();
}

const others = (portal: PortalSnapshot) => withoutUser(portal, mallory);

function hisOf({ racks, devices }: PortalSnapshot): readonly object[] {
  const his = new Set(racks.filter(({ ownerId }) => ownerId === mallory).map(({ id }) => id));
  return [
    ...racks.filter(({ id }) => his.has(id)),
    ...devices.filter(({ location }) => location && his.has(location.rackId)),
  ];
}

/** Leaves out ids, which grow with each row that is made. */
function pictureOf({ racks, devices }: PortalSnapshot): string[] {
  const names = new Map(racks.map(({ id, name, ownerId }) => [id, `${ownerId} ${name}`]));
  return [
    ...racks.map((rack) => JSON.stringify({ ...rack, id: undefined })),
    ...devices.map(({ location, ...device }) =>
      JSON.stringify({
        ...device,
        id: undefined,
        templateId: undefined,
        rack: location && names.get(location.rackId),
        at: location?.startU,
      }),
    ),
  ].sort();
}
