import fc from 'fast-check';
import type {
  Device,
  DeviceId,
  JsonObject,
  OwnerId,
  PortalSnapshot,
  Rack,
  RackId,
} from '../../src/concertim/model.ts';

/** What a hostile user's acts add to a portal; the rest of it is as it was. */
export interface HostilePart {
  readonly racks: readonly Rack[];
  readonly devices: readonly Device[];
}

/** Ids of a hostile user's own things begin here. */
const firstId = 100_000;

interface Draw {
  /** Which of the stacks and projects is claimed, by its position. */
  readonly at: number;
  readonly claim: 'a stack' | 'a project' | 'an invented stack' | 'nothing';
  /** Servers that devices in the rack claim; beyond those there are, invented ones. */
  readonly servers: readonly number[];
  readonly status: Rack['status'];
  readonly name: string;
  readonly forgesMemory: boolean;
}

const draw: fc.Arbitrary<Draw> = fc.record({
  at: fc.nat(20),
  claim: fc.constantFrom('a stack', 'a stack', 'a project', 'an invented stack', 'nothing'),
  servers: fc.array(fc.nat(40), { maxLength: 8 }),
  status: fc.constantFrom<Rack['status']>('ACTIVE', 'FAILED', 'STOPPED', 'IN_PROGRESS'),
  name: fc.constantFrom('mine', 'a', 'standalone', 'b'),
  forgesMemory: fc.boolean(),
});

/**
 * Racks and devices that a user makes of his own and writes into what he likes: ids of others' stacks, projects and servers, and
 * invented ones.
 */
export const hostileActs: fc.Arbitrary<(claimed: Claimed, owner: OwnerId) => HostilePart> = fc
  .array(draw, { minLength: 1, maxLength: 12 })
  .map((draws) => (claimed, owner) => {
    const racks: Rack[] = [];
    const devices: Device[] = [];
    for (const [at, drawn] of draws.entries()) {
      const id = (firstId + at) as RackId;
      racks.push({
        id,
        ownerId: owner,
        name: `${drawn.name}-${at}-hostile`,
        height: 72,
        status: drawn.status,
        creationOutput: 'mine',
        networkDetails: {},
        metadata: metadataOf(drawn, claimed),
      });
      for (const [place, server] of drawn.servers.entries()) {
        devices.push({
          id: (firstId + 100 * (at + 1) + place) as DeviceId,
          name: `hostile-${place}`,
          description: null,
          status: 'ACTIVE',
          location: { rackId: id, startU: place + 1, endU: place + 1, facing: 'f' },
          templateId: claimed.templateId,
          kind: 'server',
          publicIps: null,
          privateIps: null,
          sshKey: null,
          loginUser: null,
          volumeDetails: {},
          metadata: { openstack_instance_id: claimed.servers[server] ?? `invented-${at}-${server}` },
        });
      }
    }
    return { racks, devices };
  });

/** What there is to be claimed. */
export interface Claimed {
  readonly stacks: readonly string[];
  readonly projects: readonly string[];
  readonly servers: readonly string[];
  readonly templateId: Device['templateId'];
}

export function withPart(portal: PortalSnapshot, part: HostilePart): PortalSnapshot {
  return {
    ...portal,
    racks: [...portal.racks, ...part.racks],
    devices: [...portal.devices, ...part.devices],
  };
}

/** The portal without the racks of this user and what stands in them. */
export function withoutUser(portal: PortalSnapshot, owner: OwnerId): PortalSnapshot {
  const gone = new Set(portal.racks.filter(({ ownerId }) => ownerId === owner).map(({ id }) => id));
  return {
    ...portal,
    racks: portal.racks.filter(({ id }) => !gone.has(id)),
    devices: portal.devices.filter(({ location }) => !location || !gone.has(location.rackId)),
  };
}

function metadataOf({ claim, at, servers, forgesMemory }: Draw, claimed: Claimed): JsonObject {
  const pick = (ids: readonly string[]) => ids[at % (ids.length || 1)];
  const memory = forgesMemory && {
    openstack_stack_observed: {
      revision: '1',
      servers: servers.map((each) => claimed.servers[each] ?? 'invented'),
      server_groups: [],
    },
  };
  switch (claim) {
    case 'a stack':
      return { openstack_stack_id: pick(claimed.stacks) ?? 'none', ...memory };
    case 'a project':
      return { openstack_project_id: pick(claimed.projects) ?? 'none' };
    case 'an invented stack':
      return { openstack_stack_id: `invented-stack-${at}`, ...memory };
    case 'nothing':
      return { note: 'mine' };
    default:
      return claim satisfies never;
  }
}
