import type { Rack } from '../concertim/model.ts';
import type { NetworkId, ServerGroupId, ServerId, StackMembers, VolumeId } from '../openstack/model.ts';
import type { TreeRevision } from './observation.ts';

/**
 * The portal is the memory. A rack's metadata records which revision of its stack's tree it reflects and what that
 * tree was made of, so that a run, also the first after a restart, reads only the trees that have changed since.
 */
export const memoryKey = 'openstack_stack_observed';
export const outputsKey = 'openstack_stack_output';

export interface TreeMemory extends StackMembers {
  readonly revision: string;
}

/** undefined: no record, or one that somebody has spoilt; either way the tree is read again. */
export function recall(rack: Rack): TreeMemory | undefined {
  const record = rack.metadata[memoryKey];
  if (typeof record !== 'object' || record === null) return undefined;
  const { revision, servers, server_groups, volumes = [], networks = [] } = record as Record<string, unknown>;
  if (typeof revision !== 'string' || !isTexts(servers) || !isTexts(server_groups)) return undefined;
  if (!isTexts(volumes) || !isTexts(networks)) return undefined;
  return {
    revision,
    servers: servers as ServerId[],
    serverGroups: server_groups as ServerGroupId[],
    volumes: volumes as VolumeId[],
    networks: networks as NetworkId[],
  };
}

/** What a further rack of the stack is given of a rack that was made when the tree was last read. */
export function inherited({ metadata, creationOutput }: Rack): Pick<Rack, 'metadata' | 'creationOutput'> {
  const keys = [memoryKey, outputsKey].filter((key) => Object.hasOwn(metadata, key));
  return { metadata: Object.fromEntries(keys.map((key) => [key, metadata[key]])), creationOutput };
}

/**
 * What `recall` will read. Sorted, so that Heat's order does not look like a change. That a tree was asked for volumes and
 * networks too, and has none, its revision says.
 */
export function record(revision: TreeRevision, content: StackMembers): Record<string, unknown> {
  return {
    revision: revision.settled ? revision.text : `${revision.text}${unsettled}`,
    servers: [...content.servers].sort(),
    server_groups: [...content.serverGroups].sort(),
    ...(content.volumes.length > 0 && { volumes: [...content.volumes].sort() }),
    ...(content.networks.length > 0 && { networks: [...content.networks].sort() }),
  };
}

/** Makes a recorded revision equal to none, so that the tree is read again next time. */
const unsettled = ' ~';

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
