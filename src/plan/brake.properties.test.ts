import { array, assert, boolean, integer, property, record } from 'fast-check';
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
  tree,
} from '../../test/support/builders.ts';
import type { Device, PortalSnapshot, Rack } from '../concertim/model.ts';
import { type Change, changesOf } from './change.ts';
import type { Evidence } from './observation.ts';
import { plan } from './plan.ts';

/* More runs: `PLAN_RUNS=5000 npx vitest run src/plan/brake.properties.test.ts`. */

const numRuns = Number(process.env['PLAN_RUNS'] ?? 100);
const policy = { maxDeletions: 5, maxShare: 0.05, allowAll: false };
const mallory = 99;

/** For each owner: the number of stacks with two servers each, and of servers that the cloud has lost. */
const honest = array(record({ stacks: integer({ min: 1, max: 8 }), lost: integer({ min: 0, max: 16 }) }), {
  minLength: 1,
  maxLength: 12,
});
/**
 * What one user forges: racks of stacks that never existed, each with a device of a server that never
 * existed.
 */
const forged = record({ racks: integer({ min: 0, max: 40 }), withDevices: boolean() });

test('what one owner makes up lets nothing of the others go that was stopped', () => {
  assert(
    property(honest, forged, (owners, made) => {
      const { alone, beside } = removals(owners, made);

      expect(alone.going).toEqual(expect.arrayContaining([...beside.going]));
    }),
    { numRuns },
  );
});

test('what one owner makes up stops nothing of the others, as long as what they have lost is little', () => {
  assert(
    property(honest, forged, (owners, made) => {
      const { alone, beside, lost, owned } = removals(owners, made);

      const isLittle = lost <= policy.maxDeletions || lost <= policy.maxShare * owned;
      if (alone.isHeld || !isLittle) return;
      expect(beside.going).toEqual(alone.going);
    }),
    { numRuns },
  );
});

test('of what one owner makes up, and of an owner who has lost a lot, no more goes because the other is there', () => {
  const owners = [
    ...Array.from({ length: 8 }, () => ({ stacks: 8, lost: 0 })),
    { stacks: 8, lost: 14 },
    { stacks: 8, lost: 2 },
  ];

  const { alone, beside } = removals(owners, { racks: 40, withDevices: true });

  expect(alone.going).toEqual(['device s-9-0-0', 'device s-9-0-1']);
  expect(beside.going).toEqual(alone.going);
});

/** What a plan removes from the honest owners, without the forger and with the forger. */
function removals(
  owners: readonly { readonly stacks: number; readonly lost: number }[],
  made: { readonly racks: number; readonly withDevices: boolean },
) {
  const site = siteOf(owners);
  const him = owner({ id: mallory, name: 'mallory', projectId: 'mallorys' });
  const before = { ...site.portal, owners: [...site.portal.owners, him] };
  const beside = { ...before, ...withForged(before, made) };
  const evidence: Record<string, Evidence> = {};
  for (const { metadata } of beside.devices)
    evidence[metadata['openstack_instance_id'] as string] = 'not-found';
  const stacks: Record<string, Evidence> = {};
  for (const { metadata } of beside.racks) stacks[metadata['openstack_stack_id'] as string] = 'not-found';
  const seen = cloud({ ...site.seen, evidence: { servers: evidence, stacks } });
  const removed = (shown: PortalSnapshot) => {
    const planned = plan(seen, shown, settings({ deletions: policy }));
    return {
      isHeld: planned.warnings.length > 0,
      going: changesOf(planned)
        .flatMap(removalOf)
        .filter((name) => !name.includes('forged'))
        .sort(),
    };
  };
  const lost = site.portal.devices.length - site.seen.servers.length;
  return { alone: removed(before), beside: removed(beside), lost, owned: site.portal.devices.length };
}

function removalOf(change: Change): string[] {
  if (change.kind === 'delete-rack') return [`rack ${change.rack.name}`];
  return change.kind === 'delete-device' ? [`device ${change.device.name}`] : [];
}

function siteOf(owners: readonly { readonly stacks: number; readonly lost: number }[]) {
  const racks: Rack[] = [];
  const devices: Device[] = [];
  const trees = [];
  const servers = [];
  for (const [o, { stacks, lost }] of owners.entries()) {
    for (let s = 0; s < stacks; s++) {
      const id = `s-${o}-${s}`;
      const rackId = racks.length + 1;
      racks.push(
        rack({
          id: rackId,
          ownerId: o + 2,
          name: id,
          creationOutput: '',
          metadata: { openstack_stack_id: id },
        }),
      );
      const members = [`${id}-0`, `${id}-1`];
      const present = members.filter((_, d) => 2 * s + d >= lost);
      for (const [d, name] of members.entries()) {
        devices.push(
          device({
            id: devices.length + 1,
            name,
            location: { rackId, startU: d + 1 },
            metadata: { openstack_instance_id: name },
          }),
        );
      }
      trees.push(tree({ id, projectId: `p-${o}`, servers: present }));
      servers.push(...present.map((each) => server({ id: each, projectId: `p-${o}` })));
    }
  }
  const known = owners.map((_, o) => owner({ id: o + 2, name: `user-${o}`, projectId: `p-${o}` }));
  return { seen: { trees, servers, flavors: [flavor()] }, portal: portal({ owners: known, racks, devices }) };
}

function withForged(
  { racks, devices }: PortalSnapshot,
  made: { readonly racks: number; readonly withDevices: boolean },
): Pick<PortalSnapshot, 'racks' | 'devices'> {
  const numbers = Array.from({ length: made.racks }, (_, at) => at);
  return {
    racks: [
      ...racks,
      ...numbers.map((at) =>
        rack({
          id: 1_000 + at,
          ownerId: mallory,
          name: `forged-${at}`,
          metadata: { openstack_stack_id: `forged-${at}` },
        }),
      ),
    ],
    devices: [
      ...devices,
      ...(made.withDevices ? numbers : []).map((at) =>
        device({
          id: 1_000 + at,
          name: `forged-${at}`,
          location: { rackId: 1_000 + at, startU: 1 },
          metadata: { openstack_instance_id: `forged-server-${at}` },
        }),
      ),
    ],
  };
}
