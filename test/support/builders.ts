import type * as concertim from '../../src/concertim/model.ts';
import { profiles } from '../../src/concertim/profile.ts';
import type * as openstack from '../../src/openstack/model.ts';
import type { Plan } from '../../src/plan/change.ts';
import type {
  CloudObservation,
  Evidence,
  RememberedTree,
  Scope,
  StackTree,
} from '../../src/plan/observation.ts';
import type { RackKey } from '../../src/plan/ownership.ts';
import type { PlanSettings } from '../../src/plan/plan-settings.ts';
import type { Brand } from '../../src/runtime/brand.ts';

/**
 * Values with defaults: a test names what it is about and nothing else. The defaults fit together: one user has the
 * project `project`, in which the stack `stack` is made of the server `server` of the flavor `flavor`.
 */

/** The same shape with plain ids, so that a test writes `{ id: 'web' }`. */
export type Plain<T> =
  T extends Brand<number | string, string>
    ? T extends number
      ? number
      : string
    : T extends readonly (infer Item)[]
      ? readonly Plain<Item>[]
      : T extends object
        ? { readonly [Key in keyof T]: Plain<T[Key]> }
        : T;

export function server(fields: Partial<Plain<openstack.Server>> = {}): openstack.Server {
  const id = fields.id ?? 'server';
  return {
    kind: 'server',
    id,
    name: id,
    projectId: 'project',
    vmState: 'active',
    taskState: null,
    flavor: { kind: 'id', id: 'flavor' },
    addresses: [],
    keyName: null,
    volumes: [],
    rootStackId: null,
    createdAt: '2026-11-22T12:00:00Z',
    ...fields,
  } as openstack.Server;
}

export function volume(fields: Partial<Plain<openstack.Volume>> = {}): openstack.Volume {
  const id = fields.id ?? 'volume';
  return {
    kind: 'volume',
    id,
    name: id,
    projectId: 'project',
    status: 'in-use',
    size: 10,
    volumeType: 'ssd',
    availabilityZone: 'nova',
    bootable: false,
    encrypted: false,
    readOnly: false,
    servers: [],
    createdAt: '2026-11-22T12:00:00.000000',
    ...fields,
  } as openstack.Volume;
}

export function network(fields: Partial<Plain<openstack.Network>> = {}): openstack.Network {
  const id = fields.id ?? 'network';
  return {
    kind: 'network',
    id,
    name: id,
    projectId: 'project',
    status: 'ACTIVE',
    adminStateUp: true,
    shared: false,
    external: false,
    mtu: 1450,
    portSecurityEnabled: true,
    l2Adjacency: null,
    dnsDomain: null,
    qosPolicyId: null,
    createdAt: '2026-11-22T12:00:00Z',
    ...fields,
  } as openstack.Network;
}

export function unreadable<Id extends string = openstack.ServerId>(id: string): openstack.Unreadable<Id> {
  return { kind: 'unreadable', id: id as Id, problem: 'its cell is down' };
}

export function address(fields: Partial<openstack.Address> = {}): openstack.Address {
  return { network: 'network', address: '10.0.0.1', version: 4, type: 'fixed', mac: null, ...fields };
}

export function flavor(fields: Partial<Plain<openstack.Flavor>> = {}): openstack.Flavor {
  const id = fields.id ?? 'flavor';
  return { id, name: id, vcpus: 1, ram: 2048, disk: 20, ...fields } as openstack.Flavor;
}

export function group(fields: Partial<Plain<openstack.ServerGroup>> = {}): openstack.ServerGroup {
  return { id: 'group', projectId: 'project', members: [], ...fields } as openstack.ServerGroup;
}

export function stack(fields: Partial<Plain<openstack.Stack>> = {}): openstack.Stack {
  const id = fields.id ?? 'stack';
  return {
    id,
    name: id,
    projectId: 'project',
    parentId: null,
    status: 'CREATE_COMPLETE',
    statusReason: 'Stack CREATE completed successfully',
    owner: 'alice',
    ownerId: 'stack-user-project',
    createdAt: '2026-11-22T12:00:00Z',
    updatedAt: null,
    ...fields,
  } as openstack.Stack;
}

/** What a tree is made of, or `content: 'remembered'`: it was not read, because nothing changed since it was. */
export type TreeFields = Partial<Plain<openstack.Stack>> & {
  readonly revision?: string;
  readonly settled?: boolean;
  readonly content?: 'remembered';
  readonly servers?: readonly string[];
  readonly serverGroups?: readonly string[];
  readonly volumes?: readonly string[];
  readonly networks?: readonly string[];
  readonly outputs?: Readonly<Record<string, unknown>>;
};

export function tree(fields: TreeFields = {}): StackTree {
  const {
    revision = '1',
    settled = true,
    content,
    servers,
    serverGroups,
    volumes,
    networks,
    outputs,
    ...root
  } = fields;
  return {
    root: stack(root),
    revision: { text: revision, settled },
    ...(content !== 'remembered' && {
      content: {
        servers: (servers ?? []) as openstack.ServerId[],
        serverGroups: (serverGroups ?? []) as openstack.ServerGroupId[],
        volumes: (volumes ?? []) as openstack.VolumeId[],
        networks: (networks ?? []) as openstack.NetworkId[],
        outputs: Object.entries(outputs ?? {}).map(([key, value]) => ({ key, value })),
      },
    }),
  };
}

export interface CloudFields {
  readonly scope?: { readonly [List in 'racks' | openstack.Collection]?: readonly string[] };
  readonly servers?: readonly (openstack.Server | openstack.Unreadable<openstack.ServerId>)[];
  /** `null`: not observed. */
  readonly volumes?: readonly (openstack.Volume | openstack.Unreadable<openstack.VolumeId>)[] | null;
  readonly networks?: readonly (openstack.Network | openstack.Unreadable<openstack.NetworkId>)[] | null;
  readonly trees?: readonly StackTree[];
  /** Of stacks by id: the servers that were found in an earlier run, and server groups. */
  readonly remembered?: Readonly<
    Record<string, { readonly servers?: readonly string[]; readonly serverGroups?: readonly string[] }>
  >;
  readonly serverGroups?: readonly openstack.ServerGroup[];
  readonly flavors?: readonly openstack.Flavor[];
  readonly externalNetworks?: readonly string[];
  readonly unobserved?: readonly string[];
  /** Ids of stacks, and below of flavors. */
  readonly unreadableStacks?: readonly string[];
  readonly unreadableFlavors?: readonly string[];
  readonly unreadableGroups?: readonly string[];
  readonly evidence?: {
    readonly [List in 'stacks' | 'flavors' | openstack.Collection]?: Readonly<Record<string, Evidence>>;
  };
}

function problems<Id extends string>(ids: readonly string[] = []): Map<Id, string> {
  return new Map(ids.map((id) => [id as Id, 'odd']));
}

export function cloud(fields: CloudFields = {}): CloudObservation {
  const { servers = [], trees = [], serverGroups = [], flavors = [flavor()], evidence = {} } = fields;
  return {
    scope: scopeOf(fields.scope),
    servers: mapOf(servers),
    volumes: fields.volumes === null ? undefined : mapOf(fields.volumes ?? []),
    networks: fields.networks === null ? undefined : mapOf(fields.networks ?? []),
    trees,
    remembered: rememberedTrees(fields.remembered),
    projectOfStack: new Map(trees.map(({ root }) => [root.id, root.projectId])),
    unreadable: {
      stacks: problems<openstack.StackId>(fields.unreadableStacks),
      flavors: problems<openstack.FlavorId>(fields.unreadableFlavors),
      serverGroups: problems<openstack.ServerGroupId>(fields.unreadableGroups),
    },
    serverGroups,
    flavors,
    externalNetworks: {
      names: new Set(fields.externalNetworks),
      sharedNames: new Set(),
      addresses: new Map(),
    },
    unobserved: new Map(fields.unobserved?.map((id) => [id as openstack.ProjectId, 'Heat answered 503'])),
    evidence: {
      servers: byId<openstack.ObjectId>(evidence.servers),
      volumes: byId<openstack.ObjectId>(evidence.volumes),
      networks: byId<openstack.ObjectId>(evidence.networks),
      stacks: byId<openstack.StackId>(evidence.stacks),
      flavors: byId<string>(evidence.flavors),
    },
  };
}

function mapOf<T extends { readonly id: string }>(items: readonly T[]): Map<T['id'], T> {
  return new Map(items.map((item) => [item.id, item]));
}

function scopeOf(scope: CloudFields['scope']): Scope {
  if (!scope) return { kind: 'all' };
  return {
    kind: 'some',
    racks: new Set(scope.racks as readonly RackKey[] | undefined),
    servers: new Set(scope.servers as readonly openstack.ServerId[] | undefined),
    volumes: new Set(scope.volumes as readonly openstack.VolumeId[] | undefined),
    networks: new Set(scope.networks as readonly openstack.NetworkId[] | undefined),
  };
}

function rememberedTrees(trees: CloudFields['remembered'] = {}): CloudObservation['remembered'] {
  const remembered = new Map<openstack.StackId, RememberedTree>();
  for (const [id, members] of Object.entries(trees)) {
    const { content } = tree(members);
    if (content) remembered.set(id as openstack.StackId, { ...content, clusterType: undefined });
  }
  return remembered;
}

function byId<Id extends string>(evidence: Readonly<Record<string, Evidence>> = {}): Map<Id, Evidence> {
  return new Map(Object.entries(evidence) as [Id, Evidence][]);
}

/** A user, unless it says that it is a team. */
export function owner(fields: Partial<Plain<concertim.Owner>> = {}): concertim.Owner {
  const account = {
    billingAccountId: undefined,
    cost: undefined,
    credits: undefined,
    billingPeriod: undefined,
  };
  return {
    kind: 'user',
    id: 1,
    name: 'alice',
    projectId: 'project',
    leaving: false,
    account,
    ...fields,
  } as concertim.Owner;
}

/** A rack made by hand; `metadata: { openstack_stack_id }` makes it ours. */
export function rack(fields: Partial<Plain<concertim.Rack>> = {}): concertim.Rack {
  return {
    id: 1,
    ownerId: 1,
    name: 'rack',
    height: 42,
    status: 'ACTIVE',
    creationOutput: null,
    networkDetails: {},
    metadata: {},
    ...fields,
  } as concertim.Rack;
}

/** A device made by hand, at the bottom of rack 1; `metadata: { openstack_instance_id }` makes it ours. */
export function device(
  fields: Omit<Partial<Plain<concertim.Device & { kind: 'server' }>>, 'location'> & {
    readonly location?: Partial<Plain<concertim.Location>> | null;
  } = {},
): concertim.Device {
  const { location, ...rest } = fields;
  const startU = location?.startU ?? 1;
  return {
    id: 1,
    name: 'device',
    description: null,
    status: 'ACTIVE',
    kind: 'server',
    templateId: 1,
    publicIps: null,
    privateIps: null,
    sshKey: null,
    loginUser: null,
    volumeDetails: {},
    metadata: {},
    location: location === null ? null : { rackId: 1, startU, endU: startU, facing: 'f', ...location },
    ...rest,
  } as concertim.Device;
}

/** A template made by hand; `foreignId` makes it ours. */
export function template(fields: Partial<Plain<concertim.Template>> = {}): concertim.Template {
  return {
    id: 1,
    name: 'template',
    description: null,
    height: 1,
    foreignId: null,
    vcpus: null,
    ram: null,
    disk: null,
    ...fields,
  } as concertim.Template;
}

export function portal(fields: Partial<concertim.PortalSnapshot> = {}): concertim.PortalSnapshot {
  return {
    profile: profiles['2023-08'],
    owners: [owner()],
    racks: [],
    devices: [],
    templates: [],
    ...fields,
  };
}

/** Of a portal that is in step. */
export function emptyPlan(fields: Partial<Plan> = {}): Plan {
  return {
    phases: [],
    held: [],
    foreign: [],
    warnings: [],
    isWrongCloud: false,
    members: () => new Map(),
    unknownStates: [],
    ...fields,
  };
}

export function settings(fields: Partial<PlanSettings> = {}): PlanSettings {
  return {
    standaloneServers: 'ignore',
    deletions: { maxDeletions: 5, maxShare: 0.3, allowAll: false },
    defaultRackHeight: 42,
    ...fields,
  };
}
