import type { Device, JsonObject, OwnerId, PortalSnapshot } from '../concertim/model.ts';
import type { PortalProfile } from '../concertim/profile.ts';
import type { DeviceStatus, RackStatus } from '../concertim/statuses.ts';
import type { CloudObject, ExternalNetworks, ProjectId, Stack } from '../openstack/model.ts';
import { clusterTypeOf } from './cluster-type.ts';
import { costOf, costOfFormer } from './costs.ts';
import { type DesiredTemplate, FlavorResolver, isOfGoneFlavor, templateOfFlavor } from './flavor-template.ts';
import { isWantedFlavor, isWantedObject, isWantedStack, type Mapping } from './mapping.ts';
import { membership } from './membership.ts';
import type { CloudObservation } from './observation.ts';
import { creationOutput, outputsKey } from './outputs.ts';
import {
  cloudMark,
  isOwnTemplate,
  metadataKeys,
  type RackKey,
  type RackSource,
  stackKey,
  standaloneKey,
} from './ownership.ts';
import { compareTexts, type PortalIndex } from './portal-index.ts';
import { seenOf } from './seen.ts';
import { shownKinds } from './shown-kinds.ts';
import { deletedState, permitted, rackStatus, stateOf, statusOf, unknownState } from './status.ts';
import { storableText } from './storable.ts';
import { type TaggedTemplate, taggedTemplates } from './tagged-template.ts';

export interface DesiredRack {
  readonly key: RackKey;
  readonly source: RackSource;
  readonly ownerId: OwnerId;
  /** Of the stack, as OpenStack has it. */
  readonly name: string;
  /** What makes its name its own when another has it too. */
  readonly nameId: string;
  /** When the stack was made, ISO 8601: computed only where a rack is made. */
  readonly createdAt: () => string;
  /** The type of its cluster, by its id; undefined: not known. */
  readonly clusterType: string | undefined;
  /** undefined: the cloud's state is not known to us; the portal keeps its own. */
  readonly status: RackStatus | undefined;
  /** Id of the order that it is billed under; undefined: not known, or there is none. */
  readonly order: string | undefined;
  /** undefined: not read in this run because nothing changed. */
  readonly creationOutput: string | undefined;
  /** What else was billed to the stack: objects that are gone, and volumes that are no devices; undefined: not known. */
  readonly formerCost: number | undefined;
  /** Our keys; others that the portal has stay. */
  readonly metadata: JsonObject;
  readonly devices: readonly DesiredDevice[];
}

/** An object of the cloud that has a device. The device's fields are computed where they are needed (device-fields.ts). */
export interface DesiredDevice {
  readonly object: CloudObject;
  /** Those that the portal has of it: none or one, after an accident several. */
  readonly present: readonly Device[];
  /** The source in whose racks it stands; undefined: it belongs to none. */
  readonly stack: RackKey | undefined;
  /** undefined: the cloud's state is not known to us; the portal keeps its own. */
  readonly status: DeviceStatus | undefined;
  readonly template: DesiredTemplate | TaggedTemplate;
  /** This month's so far; undefined: not known. */
  readonly cost: number | undefined;
  /** Networks whose addresses are public. */
  readonly externalNetworks: ExternalNetworks;
  /** Name of its cloud; undefined: the portal shows one cloud. */
  readonly cloud?: string | undefined;
}

/** What the portal should show of the cloud: what is not in here is not therefore to be deleted (see departures.ts). */
export interface DesiredState {
  readonly templates: readonly DesiredTemplate[];
  /** Templates of kinds without flavors, as far as they are used. */
  readonly taggedTemplates: readonly TaggedTemplate[];
  readonly racks: readonly DesiredRack[];
  /** How many devices of these objects the portal already has. */
  readonly presentDevices: number;
  /** The source whose racks a device belongs in, even if it stands elsewhere now; undefined: what it shows is not wanted. */
  readonly keyOfDevice: (device: Device) => RackKey | undefined;
  /** Objects and stacks in a state that we do not know. */
  readonly unknownStates: readonly { readonly id: string; readonly state: string }[];
}

export interface MappingSettings extends Mapping {
  readonly standaloneServers: 'ignore' | 'rack';
  /** Name of the cloud, which racks and devices then have in their metadata; undefined: the portal shows one cloud. */
  readonly cloud?: string | undefined;
}

/** What the portal should show, from what was seen. Only owners and the portal's own memory are taken from the portal. */
export function desiredState(
  cloud: CloudObservation,
  portal: PortalSnapshot,
  index: PortalIndex,
  settings: MappingSettings,
): DesiredState {
  const { externalNetworks } = cloud;
  const flavors = new FlavorResolver(cloud.flavors, portal.templates.filter(isOwnTemplate));
  const unknownStates: { id: string; state: string }[] = [];
  const devices = new Map<RackKey, DesiredDevice[]>();
  const standaloneProjects = new Set<ProjectId>();

  const rackKeyOf = membership(cloud, index, settings.standaloneServers);
  for (const kind of shownKinds(portal.profile)) {
    for (const object of seenOf(cloud, kind)?.values() ?? []) {
      if (object.kind === 'unreadable') continue;
      const key = rackKeyOf(object);
      if (key === undefined || !isWantedObject(object, settings)) continue;
      if (lacksSizes(object, flavors, cloud)) continue;
      const status = statusOf(object);
      if (status === deletedState) continue;
      const { id } = object;
      if (status === unknownState) unknownStates.push({ id, state: stateOf(object) });
      const isStandalone = settings.standaloneServers === 'rack' && key === standaloneKey(object.projectId);
      if (isStandalone) standaloneProjects.add(object.projectId);
      const device: DesiredDevice = {
        object,
        present: index.devicesOf[kind].get(id) ?? [],
        stack: isStandalone ? undefined : key,
        status: status === unknownState ? undefined : permitted(status, kind, portal.profile),
        template: templateOf(object, flavors, settings),
        cost: cloud.costs && costOf(id, cloud.costs),
        externalNetworks,
        cloud: settings.cloud,
      };
      const siblings = devices.get(key);
      if (siblings) siblings.push(device);
      else devices.set(key, [device]);
    }
  }

  const racks: DesiredRack[] = [];
  for (const { root, content } of cloud.trees) {
    const key = stackKey(root.id);
    const status = rackStatus(root.status);
    const ownerId = ownerOf(root.projectId, key, index);
    if (status === deletedState || ownerId === undefined || !isWantedStack(root, settings)) continue;
    if (status === unknownState) unknownStates.push({ id: root.id, state: root.status });
    const ofStack = devices.get(key) ?? [];
    const outputs = content && creationOutput(content.outputs);
    racks.push({
      key,
      source: { kind: 'stack', stackId: root.id },
      ownerId,
      name: settings.rackName?.(root) ?? root.name,
      nameId: root.id,
      createdAt: () => root.createdAt,
      clusterType: content ? clusterTypeOf(content) : cloud.remembered.get(root.id)?.clusterType,
      status: status === unknownState ? undefined : status,
      order: cloud.orders?.get(root.id),
      creationOutput: outputs,
      formerCost: cloud.costs && costOfFormer(root.id, idsOf(ofStack), cloud.costs),
      metadata: metadataOfStack(root, outputs, settings.cloud, portal.profile),
      devices: ofStack,
    });
  }
  for (const projectId of standaloneProjects) {
    const key = standaloneKey(projectId);
    const ownerId = ownerOf(projectId, key, index);
    if (ownerId === undefined) continue;
    const formerCost = cloud.costs?.ofResource && 0;
    racks.push({
      ...standaloneRack(projectId, devices.get(key) ?? [], settings),
      ownerId,
      order: undefined,
      formerCost,
      devices: devices.get(key) ?? [],
    });
  }
  racks.sort((a, b) => compareTexts(a.key, b.key));

  const templates = new Map<string, DesiredTemplate>();
  if (cloud.scope.kind === 'all') {
    for (const flavor of cloud.flavors)
      if (isWantedFlavor(flavor, settings)) templates.set(flavor.id, templateOfFlavor(flavor));
  }
  const tagged = new Set<TaggedTemplate>();
  let presentDevices = 0;
  for (const { devices } of racks) {
    for (const { template, present } of devices) {
      if (template.foreignId === null) tagged.add(template);
      else templates.set(template.foreignId, template);
      presentDevices += present.length;
    }
  }
  return {
    templates: [...templates.values()].sort(byLifeAndId),
    taggedTemplates: [...tagged].sort((a, b) => compareTexts(a.tag, b.tag)),
    racks,
    presentDevices,
    keyOfDevice: keysOfDevices(racks),
    unknownStates: unknownStates.sort((a, b) => compareTexts(a.id, b.id)),
  };
}

/** An old Nova gives only the flavor's id. If that is unreadable, the height is unknown, and a device cannot change it later. */
function lacksSizes(object: CloudObject, flavors: FlavorResolver, { unreadable }: CloudObservation): boolean {
  if (unreadable.flavors.size === 0 || object.kind !== 'server' || object.flavor.kind !== 'id') return false;
  return unreadable.flavors.has(object.flavor.id) && !flavors.knows(object.flavor);
}

function idsOf(devices: readonly DesiredDevice[]): string[] {
  return devices.map(({ object }) => object.id);
}

function templateOf(
  object: CloudObject,
  flavors: FlavorResolver,
  { deviceTemplate }: Mapping,
): DesiredDevice['template'] {
  if (object.kind !== 'server') return taggedTemplates[object.kind];
  const usual = flavors.resolve(object.flavor);
  return deviceTemplate?.(object, usual) ?? usual;
}

/** Sorted out at the first question: of a portal in step there is none. */
function keysOfDevices(racks: readonly DesiredRack[]): DesiredState['keyOfDevice'] {
  let keys: Map<Device, RackKey> | undefined;
  return (device) => {
    keys ??= new Map(
      racks.flatMap(({ key, devices }) => devices.flatMap(({ present }) => present.map((one) => [one, key]))),
    );
    return keys.get(device);
  };
}

/** @returns undefined: the project has no owner, or the owner is about to be deleted and gets no new racks */
function ownerOf(project: ProjectId, key: RackKey, index: PortalIndex): OwnerId | undefined {
  const owner = index.ownerOfProject.get(project);
  return owner?.leaving && !index.racksOfSource.has(key) ? undefined : owner?.id;
}

function metadataOfStack(
  root: Stack,
  outputs: string | undefined,
  cloud: string | undefined,
  { owner }: Pick<PortalProfile, 'owner'>,
): JsonObject {
  return {
    [metadataKeys.stackId]: root.id,
    ...cloudMark(cloud),
    openstack_stack_owner: root.owner,
    // For portals with teams the Python service looks for the rack of a new server by the team's project.
    openstack_stack_owner_id: owner === 'team' ? root.projectId : root.ownerId,
    stack_status_reason: storableText(root.statusReason),
    ...(outputs !== undefined && { [outputsKey]: outputs }),
  };
}

function standaloneRack(projectId: ProjectId, devices: readonly DesiredDevice[], { cloud }: MappingSettings) {
  return {
    key: standaloneKey(projectId),
    source: { kind: 'standalone', projectId } as const,
    name: 'standalone',
    nameId: projectId,
    createdAt: () => firstCreation(devices),
    clusterType: undefined,
    status: 'ACTIVE' as const,
    creationOutput: '',
    metadata: { [metadataKeys.projectId]: projectId, ...cloudMark(cloud) },
  };
}

/** Servers outside stacks have no stack's creation time: their rack takes that of the first server. */
function firstCreation(devices: readonly DesiredDevice[]): string {
  const times = devices.map(({ object }) => object.createdAt).filter((time) => time !== null);
  return times.reduce((first, time) => (time < first ? time : first), times[0] ?? '1970-01-01T00:00:00Z');
}

/** The flavors that are there first: of two of one name they are the ones that have it. */
function byLifeAndId({ foreignId: a }: DesiredTemplate, { foreignId: b }: DesiredTemplate): number {
  return Number(isOfGoneFlavor(a)) - Number(isOfGoneFlavor(b)) || compareTexts(a, b);
}
