import type {
  Device,
  DeviceStatus,
  JsonObject,
  PortalSnapshot,
  RackStatus,
  UserId,
} from '../concertim/model.ts';
import type { Address, ProjectId, Server, ServerId } from '../openstack/model.ts';
import { deviceIps } from './addresses.ts';
import { type DesiredTemplate, FlavorResolver, isOfGoneFlavor, templateOfFlavor } from './flavor-template.ts';
import { isWantedServer, isWantedStack, type Mapping } from './mapping.ts';
import { rackKeyOfServers } from './membership.ts';
import { memoryKey, outputsKey, record } from './memory.ts';
import type { CloudObservation, StackTree } from './observation.ts';
import { creationOutput } from './outputs.ts';
import {
  isOwnTemplate,
  metadataKeys,
  type RackKey,
  type RackSource,
  serverOfDevice,
  stackKey,
  standaloneKey,
} from './ownership.ts';
import { compareTexts, type PortalIndex } from './portal-index.ts';
import { deletedState, deviceStatus, rackStatus, unknownState } from './status.ts';

export interface DesiredRack {
  readonly key: RackKey;
  readonly source: RackSource;
  readonly ownerId: UserId;
  /** Of the stack, as OpenStack has it. */
  readonly name: string;
  /** What makes its name its own when another has it too. */
  readonly nameId: string;
  /** undefined: the cloud's state is not known to us; the portal keeps its own. */
  readonly status: RackStatus | undefined;
  /** undefined: not read in this run because nothing changed. */
  readonly creationOutput: string | undefined;
  /** Our keys; others that the portal has stay. */
  readonly metadata: JsonObject;
  /** By name and id: the order of their places in an empty rack. */
  readonly devices: readonly DesiredDevice[];
}

export interface DesiredDevice {
  readonly serverId: ServerId;
  readonly name: string;
  readonly description: string;
  readonly status: DeviceStatus | undefined;
  readonly template: DesiredTemplate;
  readonly publicIps: string;
  readonly privateIps: string;
  readonly sshKey: string;
  readonly volumeDetails: JsonObject;
  readonly metadata: JsonObject;
}

/** What the portal should show of the cloud: what is not in here is not therefore to be deleted (see departures.ts). */
export interface DesiredState {
  readonly templates: readonly DesiredTemplate[];
  readonly racks: readonly DesiredRack[];
  /** Which of these racks a server has its device in. */
  readonly keyOfServer: ReadonlyMap<ServerId, RackKey>;
  /** Servers and stacks in a state that we do not know. */
  readonly unknownStates: readonly { readonly id: string; readonly state: string }[];
}

export interface MappingSettings extends Mapping {
  readonly standaloneServers: 'ignore' | 'rack';
}

/** What the portal should show, from what was seen. The portal is asked only for owners and for what it remembers. */
export function desiredState(
  cloud: CloudObservation,
  portal: PortalSnapshot,
  index: PortalIndex,
  settings: MappingSettings,
): DesiredState {
  const flavors = new FlavorResolver(cloud.flavors, portal.templates.filter(isOwnTemplate));
  const unknownStates: { id: string; state: string }[] = [];
  const devices = new Map<RackKey, DesiredDevice[]>();
  const projects = new Map<RackKey, ProjectId>();

  for (const [serverId, key] of rackKeyOfServers(cloud, index, settings.standaloneServers)) {
    const server = cloud.servers.get(serverId);
    if (server?.kind !== 'server' || !isWantedServer(server, settings)) continue;
    const status = deviceStatus(server);
    if (status === deletedState) continue;
    if (status === unknownState) unknownStates.push({ id: serverId, state: server.vmState });
    const usual = flavors.resolve(server.flavor);
    const template = settings.deviceTemplate?.(server, usual) ?? usual;
    const device = desiredDevice(server, key, { status, template, externalNetworks: cloud.externalNetworks });
    const siblings = devices.get(key);
    if (siblings) siblings.push(device);
    else devices.set(key, [device]);
    projects.set(key, server.projectId);
  }
  for (const siblings of devices.values()) siblings.sort(byNameAndId);

  const racks: DesiredRack[] = [];
  for (const tree of cloud.trees) {
    const key = stackKey(tree.root.id);
    const status = rackStatus(tree.root.status);
    const ownerId = ownerOf(tree.root.projectId, key, index);
    if (status === deletedState || ownerId === undefined || !isWantedStack(tree.root, settings)) continue;
    if (status === unknownState) unknownStates.push({ id: tree.root.id, state: tree.root.status });
    racks.push({
      ...stackRack(tree, settings),
      ownerId,
      status: status === unknownState ? undefined : status,
      devices: devices.get(key) ?? [],
    });
  }
  for (const [key, projectId] of projects) {
    const ownerId = ownerOf(projectId, key, index);
    if (key !== standaloneKey(projectId) || ownerId === undefined) continue;
    racks.push({ ...standaloneRack(projectId), ownerId, devices: devices.get(key) ?? [] });
  }
  racks.sort((a, b) => compareTexts(a.key, b.key));

  const keyOfServer = new Map<ServerId, RackKey>();
  const templates = new Map<string, DesiredTemplate>();
  if (cloud.scope.kind === 'all') {
    for (const flavor of cloud.flavors) templates.set(flavor.id, templateOfFlavor(flavor));
  }
  for (const { key, devices } of racks) {
    for (const { serverId, template } of devices) {
      keyOfServer.set(serverId, key);
      templates.set(template.foreignId, template);
    }
  }
  return {
    templates: [...templates.values()].sort(byLifeAndId),
    racks,
    keyOfServer,
    unknownStates: unknownStates.sort((a, b) => compareTexts(a.id, b.id)),
  };
}

/** The source whose racks a device belongs in, be it there already or not; undefined: its server is not wanted. */
export function keyOfDevice(
  device: Device,
  { keyOfServer }: Pick<DesiredState, 'keyOfServer'>,
): RackKey | undefined {
  const server = serverOfDevice(device);
  return server && keyOfServer.get(server);
}

/** The user with the project; where there is none, whoever has the rack already keeps it. */
function ownerOf(project: ProjectId, key: RackKey, index: PortalIndex): UserId | undefined {
  return index.ownerOfProject.get(project)?.id ?? index.racksOfSource.get(key)?.[0]?.ownerId;
}

function stackRack({ root, content, revision }: StackTree, { rackName }: Mapping) {
  return {
    key: stackKey(root.id),
    source: { kind: 'stack', stackId: root.id } as const,
    name: rackName?.(root) ?? root.name,
    nameId: root.id,
    creationOutput: content && creationOutput(content.outputs),
    metadata: {
      [metadataKeys.stackId]: root.id,
      openstack_stack_owner: root.owner,
      openstack_stack_owner_id: root.ownerId,
      stack_status_reason: root.statusReason,
      ...(content && {
        [outputsKey]: Object.fromEntries(content.outputs.map(({ key, value }) => [key, value])),
        [memoryKey]: record(revision, content),
      }),
    },
  };
}

function standaloneRack(projectId: ProjectId) {
  return {
    key: standaloneKey(projectId),
    source: { kind: 'standalone', projectId } as const,
    name: 'standalone',
    nameId: projectId,
    status: 'ACTIVE' as const,
    creationOutput: '',
    metadata: { [metadataKeys.projectId]: projectId },
  };
}

interface DeviceFacts {
  readonly status: DeviceStatus | typeof unknownState;
  readonly template: DesiredTemplate;
  readonly externalNetworks: ReadonlySet<string>;
}

function desiredDevice(
  server: Server,
  key: RackKey,
  { status, template, externalNetworks }: DeviceFacts,
): DesiredDevice {
  const isOfStack = key !== standaloneKey(server.projectId);
  return {
    serverId: server.id,
    name: server.name,
    description: 'Nova server in OpenStack',
    status: status === unknownState ? undefined : status,
    template,
    ...deviceIps(server.addresses, externalNetworks),
    sshKey: server.keyName ?? '',
    volumeDetails: Object.fromEntries(
      server.volumes.map(({ id, deleteOnTermination }) => [
        id,
        deleteOnTermination === null ? {} : { delete_on_termination: deleteOnTermination },
      ]),
    ),
    metadata: {
      [metadataKeys.serverId]: server.id,
      ...(isOfStack && { [metadataKeys.stackId]: key }),
      net_interfaces: netInterfaces(server),
    },
  };
}

/** Per network its addresses, in an order that does not depend on Nova's. */
function netInterfaces({ addresses }: Server): JsonObject {
  const networks = new Map<string, JsonObject[]>();
  for (const { network, address, version, type, mac } of addresses.toSorted(byAddress)) {
    const interfaces = networks.get(network);
    const here = { addr: address, version, type, mac };
    if (interfaces) interfaces.push(here);
    else networks.set(network, [here]);
  }
  return Object.fromEntries(networks);
}

function byAddress(a: Address, b: Address): number {
  return compareTexts(a.address, b.address);
}

/** The flavors that are there first: of two of one name they are the ones that have it. */
function byLifeAndId({ foreignId: a }: DesiredTemplate, { foreignId: b }: DesiredTemplate): number {
  return Number(isOfGoneFlavor(a)) - Number(isOfGoneFlavor(b)) || compareTexts(a, b);
}

function byNameAndId(a: DesiredDevice, b: DesiredDevice): number {
  return compareTexts(a.name, b.name) || compareTexts(a.serverId, b.serverId);
}
