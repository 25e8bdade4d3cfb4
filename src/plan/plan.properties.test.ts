import { array, assert, boolean, nat, pre, property } from 'fast-check';
import { expect, test } from 'vitest';
import { observe, type PaperCloud } from '../../test/support/paper-cloud.ts';
import { PaperPortal } from '../../test/support/paper-portal.ts';
import { type Situation, situation } from '../../test/support/situations.ts';
import type { Device, JsonObject, PortalSnapshot, Rack, RackId } from '../concertim/model.ts';
import {
  collections,
  type Kind,
  kinds,
  type ObjectId,
  type Server,
  type ServerGroup,
  type ServerId,
  type Stack,
  type StackId,
} from '../openstack/model.ts';
import { unreachable } from '../runtime/unreachable.ts';
import { type Change, changesOf, type Plan } from './change.ts';
import { renameDuplicates } from './duplicate-names.ts';
import type { CloudObservation } from './observation.ts';
import { type RackKey, stackKey } from './ownership.ts';
import { plan } from './plan.ts';

/** More find more: `PLAN_RUNS=20000 npx vitest run src/plan/plan.properties.test.ts`. */
const numRuns = Number(process.env['PLAN_RUNS'] ?? 200);

test('applying a plan makes the next plan empty', () => {
  assert(
    property(situation, (given) => {
      const first = planOf(given);
      const after = applied(changesOf(first), given.portal);

      const next = changesOf(planOf({ ...given, portal: after }));

      // What was refused as too large a share may be a small one of the portal as it is now.
      if (first.warnings.length === 0) expect(next).toEqual([]);
    }),
    { numRuns },
  );
});

test('nothing unowned is touched', () => {
  assert(
    property(situation, (given) => {
      const after = applied(changesOf(planOf(given)), given.portal);

      expect(unowned(after)).toEqual(unowned(given.portal));
      for (const template of given.portal.templates)
        if (template.tag) expect(after.templates).toContainEqual(template);
    }),
    { numRuns },
  );
});

test('every prefix of a plan can be applied, however its lanes run side by side', () => {
  assert(
    property(situation, array(nat(), { minLength: 1, maxLength: 10 }), (given, lots) => {
      const portal = new PaperPortal(given.portal);

      expect(() => portal.apply(interleaved(planOf(given), lots))).not.toThrow();
    }),
    { numRuns },
  );
});

test('a plan that was cut short and planned again ends where it would have ended, but for units and the ends of names', () => {
  assert(
    property(situation, nat(100), (told, percent) => {
      const given = withoutBrake(told);
      const changes = changesOf(planOf(given));
      const some = applied(changes.slice(0, (changes.length * percent) / 100), given.portal);

      const after = applied(changesOf(planOf({ ...given, portal: some })), some);

      expect(picture(after)).toEqual(picture(applied(changes, given.portal)));
    }),
    { numRuns },
  );
});

test('the order of lists makes no difference', () => {
  assert(
    property(situation, ({ cloud, portal, settings, memory }) => {
      const seen = observe(cloud, portal, memory);

      const turned = plan(turnedCloud(seen), turnedPortal(portal), settings);

      expect(turned).toEqual({ ...plan(seen, portal, settings), members: expect.any(Function) });
    }),
    { numRuns },
  );
});

test('no device is put where another stands', () => {
  assert(
    property(situation, (given) => {
      const after = applied(changesOf(planOf(given)), given.portal);

      const before = new Set(overlaps(given.portal));
      expect(overlaps(after).filter((pair) => !before.has(pair))).toEqual([]);
    }),
    { numRuns },
  );
});

test('a server of a stack that was seen has one device, in a rack of its stack, and that the owner of its project has', () => {
  assert(
    property(situation, (told) => {
      const given = withoutBrake(told);
      const { racks, devices, owners } = applied(changesOf(planOf(given)), given.portal);

      const rackOf = new Map(racks.map((rack) => [rack.id, rack]));
      const shown = serversToShow(given).map(({ server, root }) => {
        const owner = owners.find(({ projectId }) => projectId === root.projectId);
        const own = devices.filter(
          ({ metadata, location }) =>
            metadata['openstack_instance_id'] === server.id &&
            rackOf.get(location?.rackId as RackId)?.ownerId === owner?.id &&
            !isOfAnother(rackOf.get(location?.rackId as RackId), root, given),
        );
        const rack = rackOf.get(own[0]?.location?.rackId as RackId);
        return {
          server: server.id,
          devices: own.length,
          stack: rack?.metadata['openstack_stack_id'] === root.id,
          owner: rack?.ownerId === owner?.id,
        };
      });
      expect(shown).toEqual(
        serversToShow(given).map(({ server }) => ({
          server: server.id,
          devices: 1,
          stack: true,
          owner: true,
        })),
      );
    }),
    { numRuns },
  );
});

test('a volume or network of a stack that was seen has one device, of its kind, in a rack of its stack, where the release has such', () => {
  assert(
    property(situation, (told) => {
      const given = withoutBrake(told);
      const { racks, devices, owners } = applied(changesOf(planOf(given)), given.portal);

      const ownRacks = ({ id, projectId }: Stack) =>
        racks.filter(
          ({ metadata, ownerId }) =>
            metadata['openstack_stack_id'] === id &&
            owners.find((owner) => owner.projectId === projectId)?.id === ownerId,
        );
      const counts = furtherToShow(given).map(({ kind, id, root }) => ({
        id,
        devices: devices.filter(
          (device) =>
            device.kind === kind &&
            device.metadata['openstack_instance_id'] === id &&
            ownRacks(root).some((rack) => rack.id === device.location?.rackId),
        ).length,
      }));
      expect(counts).toEqual(furtherToShow(given).map(({ id }) => ({ id, devices: 1 })));
    }),
    { numRuns },
  );
});

test('what the cloud still has is not deleted', () => {
  assert(
    property(situation, (given) => {
      const { cloud, portal } = given;
      const alive = new Set<unknown>([
        ...cloud.servers.flatMap(({ server }) => (isDeleted(server) ? [] : server.id)),
        ...[...cloud.volumes, ...cloud.networks].flatMap(({ object }) =>
          isDeletedObject(object) ? [] : object.id,
        ),
        ...cloud.stacks.flatMap(({ root }) => (root.status === 'DELETE_COMPLETE' ? [] : root.id)),
        ...cloud.flavors.map(({ id }) => id),
      ]);
      const after = applied(changesOf(planOf(given)), portal);

      const lost = vanished(portal, after).filter((id) => alive.has(id));

      expect(lost.filter((id) => !mayVanish(id, given))).toEqual([]);
    }),
    { numRuns },
  );
});

test('of no owner, and of all but one together, more of a kind goes on mere absence than the policy allows', () => {
  assert(
    property(situation, (given) => {
      const { cloud, portal, settings, memory } = given;
      const { maxDeletions, maxShare, allowAll } = settings.deletions;
      const seen = observe(cloud, portal, memory);
      const planned = plan(seen, portal, settings);
      const gone = changesOf(planned).flatMap((change) =>
        change.kind === 'delete-device' && change.ground === 'absent' ? [change.device] : [],
      );

      const most = (owned: number) => (allowAll ? owned : Math.max(maxDeletions, maxShare * owned));
      // Each kind comes from another service, and is counted by itself.
      for (const [kind, lost] of Map.groupBy(gone, (device) => device.kind)) {
        const all = portal.devices.filter((device) => device.kind === kind);
        const counts: number[] = [];
        for (const [owner, devices] of Map.groupBy(lost, (device) => ownerOf(device, portal))) {
          const own = all.filter((device) => ownerOf(device, portal) === owner);
          expect(objectsOf(devices)).toBeLessThanOrEqual(most(objectsOf(own)));
          counts.push(objectsOf(devices));
        }
        const rest = counts
          .toSorted((a, b) => b - a)
          .slice(1)
          .reduce((sum, count) => sum + count, 0);
        expect(rest).toBeLessThanOrEqual(most(objectsOf(all)));
      }
    }),
    { numRuns },
  );
});

/** What the brake counts: objects, however many devices show each. */
function objectsOf(devices: readonly Device[]): number {
  return new Set(devices.map(({ metadata }) => metadata['openstack_instance_id'])).size;
}

test('a targeted run touches nothing outside of its scope, and a full one after it ends as without it', () => {
  assert(
    property(situation, array(boolean(), { minLength: 1, maxLength: 10 }), (told, lots) => {
      const given = withoutBrake(told);
      // Two of one name the portal refuses to change: full runs part them.
      pre(renameDuplicates(given.portal, { kind: 'all' }).changes.length === 0);
      const seen = observe(given.cloud, given.portal, given.memory);
      const targeted = partOf(seen, given.portal, lots);
      const changes = changesOf(plan(targeted, given.portal, given.settings));
      const some = applied(changes, given.portal);

      const after = applied(changesOf(planOf({ ...given, portal: some })), some);

      expect(changes.filter((change) => !isInScope(change, targeted))).toEqual([]);
      expect(picture(after)).toEqual(picture(applied(changesOf(planOf(given)), given.portal)));
    }),
    { numRuns },
  );
});

function planOf({ cloud, portal, settings, memory }: Situation): Plan {
  return plan(observe(cloud, portal, memory), portal, settings);
}

function applied(changes: readonly Change[], snapshot: PortalSnapshot): PortalSnapshot {
  const portal = new PaperPortal(snapshot);
  portal.apply(changes);
  return portal.snapshot();
}

function withoutBrake(given: Situation): Situation {
  return {
    ...given,
    settings: { ...given.settings, deletions: { ...given.settings.deletions, allowAll: true } },
  };
}

/** Servers that a run sees, with the stack that it sees them in, in projects that have an owner. */
function serversToShow({ cloud, portal }: Situation): { server: Server; root: Stack }[] {
  if (cloud.stacks.some(({ readable }) => !readable)) return [];
  const stacks = cloud.stacks.filter(
    ({ root, listing }) =>
      listing === 'listed' &&
      root.status !== 'DELETE_COMPLETE' &&
      !cloud.unobserved.has(root.projectId) &&
      portal.owners.some(({ projectId }) => projectId === root.projectId),
  );
  return cloud.servers.flatMap(({ server, listing }) => {
    if (server.kind !== 'server' || listing !== 'listed' || isDeleted(server)) return [];
    const isMember = ({ id, members }: ServerGroup) => members.includes(server.id) && id;
    const group = cloud.serverGroups.find(isMember)?.id;
    const stack = stacks.find(
      ({ root, content }) =>
        content.servers.includes(server.id) ||
        (group && content.serverGroups.includes(group)) ||
        server.rootStackId === root.id,
    );
    return stack ? [{ server, root: stack.root }] : [];
  });
}

/**
 * The volumes and networks that a run sees, each with its stack, where the portal's release has devices for
 * them.
 */
function furtherToShow({ cloud, portal }: Situation): { kind: Kind; id: ObjectId; root: Stack }[] {
  if (cloud.stacks.some(({ readable }) => !readable)) return [];
  const stacks = cloud.stacks.filter(
    ({ root, listing }) =>
      listing === 'listed' &&
      root.status !== 'DELETE_COMPLETE' &&
      !cloud.unobserved.has(root.projectId) &&
      portal.owners.some(({ projectId }) => projectId === root.projectId),
  );
  return (['volume', 'network'] as const).flatMap((kind) => {
    const list = collections[kind];
    if (portal.profile.statuses[kind].length === 0 || !cloud.hasService[list]) return [];
    return cloud[list].flatMap(({ object, listing }) => {
      if (object.kind === 'unreadable' || listing !== 'listed' || isDeletedObject(object)) return [];
      const ids: readonly { readonly root: Stack; readonly ids: readonly ObjectId[] }[] = stacks.map(
        ({ root, content }) => ({ root, ids: content[list] }),
      );
      const stack = ids.find((each) => each.ids.includes(object.id));
      return stack ? [{ kind, id: object.id, root: stack.root }] : [];
    });
  });
}

/** Whether the rack claims a stack of another project than the given stack's. */
function isOfAnother(rack: Rack | undefined, { projectId }: Stack, { cloud }: Situation): boolean {
  const claimed = cloud.stacks.find(({ root }) => root.id === rack?.metadata['openstack_stack_id'])?.root;
  return claimed !== undefined && claimed.projectId !== projectId;
}

function ownerOf({ location }: Device, { racks }: PortalSnapshot): string {
  return String(racks.find(({ id }) => id === location?.rackId)?.ownerId);
}

function isDeletedObject(object: PaperCloud['volumes' | 'networks'][number]['object']): boolean {
  return object.kind === 'volume' && object.status === 'deleted';
}

function isDeleted(server: PaperCloud['servers'][number]['server']): boolean {
  return server.kind === 'server' && server.vmState === 'deleted';
}

function vanished(before: PortalSnapshot, after: PortalSnapshot): string[] {
  const still = shownThings(after);
  return [...shownThings(before)].filter((id) => !still.has(id));
}

/** Ids of the servers, stacks and flavors that a portal shows. */
function shownThings({ racks, devices, templates }: PortalSnapshot): Set<string> {
  return new Set([
    ...devices.map(({ metadata }) => String(metadata['openstack_instance_id'])),
    ...racks.map(({ metadata }) => String(metadata['openstack_stack_id'])),
    ...templates.map(({ foreignId }) => String(foreignId)),
  ]);
}

/** Servers without a stack where these are not shown, and what a deleted stack has left behind. */
function mayVanish(id: string, given: Situation): boolean {
  const { racks, devices } = given.portal;
  const device = devices.find(({ metadata }) => metadata['openstack_instance_id'] === id);
  const rack = racks.find((rack) => rack.id === device?.location?.rackId);
  if (typeof rack?.metadata['openstack_stack_id'] === 'string') return isOfDeletedStack(id, given);
  return (
    given.settings.standaloneServers === 'ignore' &&
    typeof rack?.metadata['openstack_project_id'] === 'string'
  );
}

/** Whether the device of a server stands in the rack of a stack of which the cloud says that it was deleted. */
function isOfDeletedStack(serverId: string, { cloud, portal, memory }: Situation): boolean {
  const { stacks } = observe(cloud, portal, memory).evidence;
  return portal.devices.some(({ metadata, location }) => {
    const rack = portal.racks.find(({ id }) => id === location?.rackId);
    const stackId = rack?.metadata['openstack_stack_id'] as StackId;
    const stack = cloud.stacks.find(({ root }) => root.id === stackId);
    return (
      metadata['openstack_instance_id'] === serverId &&
      (stacks.get(stackId) === 'deleted' || stack?.root.status === 'DELETE_COMPLETE')
    );
  });
}

/** Phase after phase, the lanes of each taking turns by lot. */
function interleaved({ phases }: Plan, lots: readonly number[]): Change[] {
  let turn = 0;
  return phases.flatMap((lanes) => {
    const queues = lanes.map(({ changes }) => [...changes]);
    const order: Change[] = [];
    for (;;) {
      const waiting = queues.filter(({ length }) => length > 0);
      const next = waiting[(lots[turn++ % lots.length] ?? 0) % waiting.length]?.shift();
      if (!next) return order;
      order.push(next);
    }
  });
}

/** What carries none of the keys that this service and its first version write. */
function unowned({ owners, racks, devices, templates }: PortalSnapshot) {
  const lacks = (metadata: JsonObject, key: string) =>
    typeof metadata[key] !== 'string' || metadata[key] === '';
  return {
    owners,
    racks: byId(
      racks.filter(
        ({ metadata }) => lacks(metadata, 'openstack_stack_id') && lacks(metadata, 'openstack_project_id'),
      ),
    ),
    devices: byId(devices.filter(({ metadata }) => lacks(metadata, 'openstack_instance_id'))),
    templates: byId(templates.filter(({ foreignId, tag }) => foreignId === null && !tag)),
  };
}

function byId<T extends { readonly id: number | string }>(items: readonly T[]): T[] {
  return items.toSorted((a, b) => Number(a.id) - Number(b.id));
}

/** What is shown of what, without ids, units, and what tells names apart. How many racks a stack fills depends on units. */
function picture({ racks, devices, templates }: PortalSnapshot): string[] {
  const sourceOf = ({ ownerId, metadata }: Rack) => [
    ownerId,
    metadata['openstack_stack_id'],
    metadata['openstack_project_id'],
  ];
  const sources = new Map(racks.map((rack) => [rack.id, sourceOf(rack)]));
  const templateOf = new Map(templates.map(({ id, foreignId, name }) => [id, foreignId ?? name]));
  const rows = [
    ...racks.map((rack) => ({
      ...rack,
      id: undefined,
      height: undefined,
      name: rack.name.slice(0, 99).replace(rackEnd, ''),
    })),
    ...templates.map((template) => ({
      ...template,
      id: undefined,
      name: template.name.replace(templateEnd, ''),
    })),
    ...devices.map(({ location, templateId, ...device }) => ({
      ...device,
      id: undefined,
      name: device.name.slice(0, 99).replace(deviceEnd, ''),
      rack: location && sources.get(location.rackId),
      template: templateId && templateOf.get(templateId),
    })),
  ];
  return [...new Set(rows.map(canonical))].sort();
}

/** The number of a further rack, the beginning of its stack's or its project's id, or both. */
const rackEnd = /(-\d)?(-55555.*|-p\d)?$/;
/** The beginning of a flavor's id. */
const templateEnd = /-(f-|deleted-).*$/;
/** The beginning of a server's id. */
const deviceEnd = /-00000.*$/;

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  );
}

function overlaps({ devices }: PortalSnapshot): string[] {
  const pairs: string[] = [];
  for (const a of devices) {
    for (const b of devices) {
      if (Number(a.id) >= Number(b.id) || !a.location || !b.location) continue;
      if (a.location.rackId !== b.location.rackId) continue;
      if (a.location.startU <= b.location.endU && b.location.startU <= a.location.endU) {
        pairs.push(`${a.id} and ${b.id}`);
      }
    }
  }
  return pairs;
}

/** What a targeted run sees: some servers, the stacks of their projects, and of some of the others all that is or was in them. */
function partOf(cloud: CloudObservation, portal: PortalSnapshot, lots: readonly boolean[]): CloudObservation {
  let turn = 0;
  const isDrawn = () => lots[turn++ % lots.length] ?? false;
  const scoped = new Set<ObjectId>(
    [
      ...cloud.servers.keys(),
      ...cloud.evidence.servers.keys(),
      ...(cloud.volumes?.keys() ?? []),
      ...cloud.evidence.volumes.keys(),
      ...(cloud.networks?.keys() ?? []),
      ...cloud.evidence.networks.keys(),
    ].filter(isDrawn),
  );
  const projects = new Set(
    [...cloud.servers.values()].map(
      (server) => scoped.has(server.id) && server.kind === 'server' && server.projectId,
    ),
  );
  const trees = cloud.trees.filter(({ root }) => projects.has(root.projectId) || isDrawn());
  const stacks = new Map([...cloud.evidence.stacks].filter(isDrawn));
  const racks = new Set([...trees.map(({ root }) => root.id), ...stacks.keys()].map(stackKey));

  for (const { content } of trees) {
    for (const kind of kinds) for (const id of content?.[collections[kind]] ?? []) scoped.add(id);
  }
  for (const { location, metadata } of portal.devices) {
    const rack = portal.racks.find(({ id }) => id === location?.rackId);
    const isThere = racks.has(stackKey(rack?.metadata['openstack_stack_id'] as StackId));
    if (isThere) scoped.add(metadata['openstack_instance_id'] as ServerId);
  }
  return {
    ...cloud,
    scope: { kind: 'some', racks, servers: scoped, volumes: scoped, networks: scoped },
    trees,
    servers: new Map([...cloud.servers].filter(([id]) => scoped.has(id))),
    volumes: cloud.volumes && new Map([...cloud.volumes].filter(([id]) => scoped.has(id))),
    networks: cloud.networks && new Map([...cloud.networks].filter(([id]) => scoped.has(id))),
    evidence: {
      volumes: new Map([...cloud.evidence.volumes].filter(([id]) => scoped.has(id))),
      networks: new Map([...cloud.evidence.networks].filter(([id]) => scoped.has(id))),
      servers: new Map([...cloud.evidence.servers].filter(([id]) => scoped.has(id))),
      stacks,
      flavors: new Map(),
    },
  };
}

function isInScope(change: Change, { scope }: CloudObservation): boolean {
  if (scope.kind === 'all') return true;
  const isScoped = ({ metadata }: { metadata: JsonObject }) =>
    scope.racks.has(metadata['openstack_stack_id'] as RackKey) ||
    typeof metadata['openstack_project_id'] === 'string' ||
    scope.servers.has(metadata['openstack_instance_id'] as ServerId);
  switch (change.kind) {
    case 'create-template':
    case 'update-template':
      return true;
    case 'delete-template':
      return false;
    case 'create-rack':
      return isScoped(change.draft);
    case 'update-rack':
    case 'delete-rack':
      return isScoped(change.rack);
    case 'create-device':
      return isScoped(change.draft);
    case 'update-device':
    case 'replace-device':
    case 'delete-device':
      return isScoped(change.device);
    default:
      return unreachable(change);
  }
}

function turnedCloud(cloud: CloudObservation): CloudObservation {
  return {
    ...cloud,
    servers: new Map(
      [...cloud.servers]
        .reverse()
        .map(([id, server]) => [id, server.kind === 'server' ? turnedServer(server) : server]),
    ),
    volumes: cloud.volumes && new Map([...cloud.volumes].reverse()),
    networks: cloud.networks && new Map([...cloud.networks].reverse()),
    trees: cloud.trees.toReversed().map(({ content, ...tree }) => ({
      ...tree,
      ...(content && {
        content: {
          servers: content.servers.toReversed(),
          serverGroups: content.serverGroups.toReversed(),
          volumes: content.volumes.toReversed(),
          networks: content.networks.toReversed(),
          outputs: content.outputs.toReversed(),
        },
      }),
    })),
    serverGroups: cloud.serverGroups
      .toReversed()
      .map((group) => ({ ...group, members: group.members.toReversed() })),
    flavors: cloud.flavors.toReversed(),
    evidence: {
      servers: new Map([...cloud.evidence.servers].reverse()),
      volumes: new Map([...cloud.evidence.volumes].reverse()),
      networks: new Map([...cloud.evidence.networks].reverse()),
      stacks: new Map([...cloud.evidence.stacks].reverse()),
      flavors: new Map([...cloud.evidence.flavors].reverse()),
    },
  };
}

function turnedServer(server: Server): Server {
  return { ...server, addresses: server.addresses.toReversed(), volumes: server.volumes.toReversed() };
}

function turnedPortal({ profile, owners, racks, devices, templates }: PortalSnapshot): PortalSnapshot {
  return {
    profile,
    owners: owners.toReversed(),
    racks: racks.toReversed(),
    devices: devices.toReversed(),
    templates: templates.toReversed(),
  };
}
