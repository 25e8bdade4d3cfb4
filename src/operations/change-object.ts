import { showVolume } from '../openstack/block-storage.ts';
import { showServer } from '../openstack/compute.ts';
import type { NetworkId, Reference, ServerId, StackId, VolumeId } from '../openstack/model.ts';
import { showNetwork } from '../openstack/network.ts';
import { findStack } from '../openstack/orchestration.ts';
import type { Session } from '../openstack/session.ts';
import { unreachable } from '../runtime/unreachable.ts';
import type { Audit } from './audit.ts';
import { changeServer, type ServerChange, serverChanges } from './change-server.ts';
import { changeStack, type StackChange, stackChanges } from './change-stack.ts';
import { deleteNetwork } from './delete-network.ts';
import { deleteVolume } from './delete-volume.ts';
import { OperationError } from './operation-error.ts';
import type { OwnCloud } from './own-cloud.ts';
import { isNotFound, whereFound } from './where-found.ts';

/** What the portal shows of a cloud, and lets its users change, by how it calls them. */
export const objectTypes = ['racks', 'devices', 'instances', 'volumes', 'networks'] as const;
export type ObjectType = (typeof objectTypes)[number];

interface Changes {
  /** In words. */
  readonly kind: string;
  readonly actions: readonly string[];
  /** @returns what to look at again */
  readonly change: (session: Session, id: string, action: never) => Promise<Reference>;
}

const ofServers: Changes = {
  kind: 'server',
  actions: serverChanges,
  change: (session, id, action: ServerChange) => changeServer(session, id as ServerId, action),
};

const changes: Readonly<Record<ObjectType, Changes>> = {
  racks: {
    kind: 'stack',
    actions: stackChanges,
    change: (session, id, action: StackChange) => changeStack(session, id as StackId, action),
  },
  devices: ofServers,
  // What portals from 2024 on call it.
  instances: ofServers,
  volumes: {
    kind: 'volume',
    actions: ['destroy'],
    change: async (session, id) => {
      await deleteVolume(session, id as VolumeId);
      return { kind: 'volume', id: id as VolumeId, projectId: undefined, deleted: false };
    },
  },
  networks: {
    kind: 'network',
    actions: ['destroy'],
    change: async (session, id) => {
      await deleteNetwork(session, id as NetworkId);
      return { kind: 'network', id: id as NetworkId, projectId: undefined, deleted: true };
    },
  },
};

export interface ChangeObjectOptions {
  readonly audit: Audit;
  /** The cloud as an administrator sees it: what one project does not see may be another's. */
  readonly ownCloud: OwnCloud;
}

/**
 * Has the cloud begin what a button of the portal says, in the region of the session's Keystone that has the object. To destroy what is gone already is done; what is there, and not
 * for this session to see, is not gone.
 *
 * @returns what to look at again
 * @throws {OperationError | OpenStackError} invalid: no such action; not-found; conflict: not in its present state
 */
export async function changeObject(
  session: Session,
  { type, id, action }: { readonly type: ObjectType; readonly id: string; readonly action: string },
  { audit, ownCloud }: ChangeObjectOptions,
): Promise<Reference | undefined> {
  const { kind, actions, change } = changes[type];
  if (!actions.includes(action)) {
    throw new OperationError('invalid', `action: a ${type.slice(0, -1)} can ${actions.join(', ')}`);
  }
  const isDestruction = action === 'destroy';
  try {
    return await whereFound(session.regions, async (region) => {
      const changed = await change(region, id, action as never);
      audit({
        verb: isDestruction ? 'deleted' : 'changed',
        kind,
        id,
        detail: isDestruction ? undefined : action,
        cloud: region.cloud,
      });
      return changed;
    });
  } catch (error) {
    if (!(isDestruction && isNotFound(error))) throw error;
    const isLeft = await ownCloud.of(session).each((own) => isThere(own, type, id));
    if (isLeft.includes(true)) throw error;
    return goneReference(type, id);
  }
}

async function isThere(session: Session, type: ObjectType, id: string): Promise<boolean> {
  switch (type) {
    case 'racks': {
      const found = await findStack(session, id as StackId);
      return found !== undefined && found.stack.status !== 'DELETE_COMPLETE';
    }
    case 'devices':
    case 'instances':
      return (await showServer(session, id as ServerId)) !== undefined;
    case 'volumes':
      return (await showVolume(session, id as VolumeId)) !== undefined;
    case 'networks':
      return (await showNetwork(session, id as NetworkId)) !== undefined;
    default:
      return unreachable(type);
  }
}

/** So that the portal, which still shows it, is looked at again. */
function goneReference(type: ObjectType, id: string): Reference {
  switch (type) {
    case 'racks':
      return { kind: 'stack', id: id as StackId, projectId: undefined, deleted: true };
    case 'devices':
    case 'instances':
      return { kind: 'server', id: id as ServerId, projectId: undefined, deleted: true };
    case 'volumes':
      return { kind: 'volume', id: id as VolumeId, projectId: undefined, deleted: true };
    case 'networks':
      return { kind: 'network', id: id as NetworkId, projectId: undefined, deleted: true };
    default:
      return unreachable(type);
  }
}
