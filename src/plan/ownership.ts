import type { Device, JsonObject, Rack, Template } from '../concertim/model.ts';
import type { ObjectId, ProjectId, ServerId, StackId } from '../openstack/model.ts';
import type { Brand } from '../runtime/brand.ts';
import { without } from './metadata.ts';

/**
 * What is ours in the portal. A rack with one of our keys in its metadata, a device with the id of what it shows, a template
 * with a flavor's id; nothing else is ever changed or deleted. The first version wrote the same keys, so what it made
 * is adopted.
 */
export const metadataKeys = {
  stackId: 'openstack_stack_id',
  projectId: 'openstack_project_id',
  /** The id of a server, a volume or a network: the portal's pages read this one key for all three. */
  objectId: 'openstack_instance_id',
  /** The name of the cloud, where the portal shows several: for people, and a claim like the others (territory.ts). */
  cloud: 'openstack_cloud',
} as const;

/**
 * The key under which version 1.0.0 stored the members of a stack. Anybody who may edit a rack can write it, so it is never
 * read, and removed where it is found.
 */
export const retiredKey = 'openstack_stack_observed';

/** The name of the cloud for the metadata of what is shown of it; nothing where the portal shows one cloud. */
export function cloudMark(cloud: string | undefined): Readonly<Record<string, string>> {
  return cloud === undefined ? {} : { [metadataKeys.cloud]: cloud };
}

/**
 * Metadata without the name of a cloud, where the portal shows one: what names another one is then of a cloud that was removed from the
 * configuration (former-clouds.ts).
 *
 * @param ours what it is to have
 */
export function withoutCloud(metadata: JsonObject, ours: JsonObject): JsonObject {
  return Object.hasOwn(ours, metadataKeys.cloud) ? metadata : without(metadataKeys.cloud, metadata);
}

/** What a group of racks shows: a stack, or the servers of a project that belong to none. */
export type RackSource =
  | { readonly kind: 'stack'; readonly stackId: StackId }
  | { readonly kind: 'standalone'; readonly projectId: ProjectId };

/** A source as a text, for maps: the racks of one source share it. */
export type RackKey = Brand<string, 'plan.RackKey'>;

export function stackKey(stackId: StackId): RackKey {
  return stackId as string as RackKey;
}

export function standaloneKey(projectId: ProjectId): RackKey {
  return `standalone:${projectId}` as RackKey;
}

export function keyOfSource(source: RackSource): RackKey {
  return source.kind === 'stack' ? stackKey(source.stackId) : standaloneKey(source.projectId);
}

/** The word for a source in messages: a project stands for its servers outside stacks. */
export function wordForSource(source: RackSource | undefined): 'stack' | 'project' {
  return source?.kind === 'standalone' ? 'project' : 'stack';
}

/** undefined: not ours. */
export function sourceOfRack(rack: Pick<Rack, 'metadata'>): RackSource | undefined {
  const stackId = idIn(rack.metadata, metadataKeys.stackId);
  if (stackId !== undefined) return { kind: 'stack', stackId: stackId as StackId };
  const projectId = idIn(rack.metadata, metadataKeys.projectId);
  return projectId === undefined ? undefined : { kind: 'standalone', projectId: projectId as ProjectId };
}

/** Id of what a device shows, which is of the device's own kind; undefined: not ours. */
export function objectOfDevice(device: Pick<Device, 'metadata'>): ObjectId | undefined {
  return idIn(device.metadata, metadataKeys.objectId) as ObjectId | undefined;
}

/** The server that a device shows; undefined: not ours, or it shows something else. */
export function serverOfDevice(device: Pick<Device, 'kind' | 'metadata'>): ServerId | undefined {
  return device.kind === 'server' ? (objectOfDevice(device) as ServerId | undefined) : undefined;
}

/** Whether a template was made for a flavor. Templates with a tag come with the portal. */
export function isOwnTemplate(template: Template): template is Template & { foreignId: string } {
  return template.foreignId !== null && template.foreignId !== '' && !template.tag;
}

function idIn(metadata: Readonly<Record<string, unknown>>, key: string): string | undefined {
  const id = metadata[key];
  return typeof id === 'string' && id !== '' ? id : undefined;
}
