import type { ListOptions } from '../http/list-options.ts';
import { listVolumes, showVolume } from '../openstack/block-storage.ts';
import { CatalogError, type ServiceType, services } from '../openstack/catalog.ts';
import { listServers, showServer } from '../openstack/compute.ts';
import type { CloudObject, Kind, ObjectId, ObjectOfKind, ProjectId, Unreadable } from '../openstack/model.ts';
import { listNetworks, showNetwork } from '../openstack/network.ts';
import type { Session } from '../openstack/session.ts';
import type { Unread } from './unread.ts';

/** The kinds beside servers. Their services may be missing, and hide other projects' objects without an error. */
export type FurtherKind = Exclude<Kind, 'server'>;

type Row<K extends Kind> = ObjectOfKind[K] | Unreadable<ObjectOfKind[K]['id']>;

/** How the objects of each kind are read. */
const sources: {
  readonly [K in Kind]: {
    readonly service: ServiceType;
    readonly list: (
      session: Session,
      options: ListOptions & { readonly projectId?: ProjectId },
    ) => Promise<Row<K>[]>;
    readonly show: (
      session: Session,
      id: ObjectOfKind[K]['id'],
      signal?: AbortSignal,
    ) => Promise<Row<K> | undefined>;
    /** Whether every account is shown the object, even without a role in its project. */
    readonly isPublic: (object: ObjectOfKind[K]) => boolean;
  };
} = {
  server: { service: 'compute', list: listServers, show: showServer, isPublic: () => false },
  volume: { service: 'block-storage', list: listVolumes, show: showVolume, isPublic: () => false },
  network: {
    service: 'network',
    list: listNetworks,
    show: showNetwork,
    isPublic: ({ shared, external }) => shared || external,
  },
};

/** One object of a kind; undefined: the service shows this account none with that id. */
export async function showObject(
  kind: Kind,
  session: Session,
  id: ObjectId,
  signal?: AbortSignal,
): Promise<CloudObject | Unreadable<ObjectId> | undefined> {
  return sources[kind].show(session, id as never, signal);
}

/** The objects of one project. */
export async function listOfProject(
  kind: Kind,
  session: Session,
  projectId: ProjectId,
  signal?: AbortSignal,
): Promise<readonly (CloudObject | Unreadable<ObjectId>)[]> {
  return sources[kind].list(session, { projectId, signal });
}

/** What was seen of a kind. */
export interface SeenKind<K extends FurtherKind> {
  /** By id; undefined: not observed. */
  readonly objects: Map<ObjectOfKind[K]['id'], Row<K>> | undefined;
  /** Whether the list contains objects of other projects. If so, an object that it does not contain does not exist. */
  readonly seesAll: boolean;
  readonly unread: readonly Unread[];
}

/**
 * The objects of a kind in all projects. A cloud may have no such service, or have it left out of its catalog for a moment;
 * one that fails does not keep the servers from being shown.
 */
export async function observeKind<K extends FurtherKind>(
  kind: K,
  session: Session,
  signal?: AbortSignal,
): Promise<SeenKind<K>> {
  const { list, isPublic } = sources[kind];
  try {
    const rows = await list(session, { signal });
    const { projectId: own } = await session.token(signal);
    const isAnothers = (row: Row<K>) => row.kind !== 'unreadable' && row.projectId !== own && !isPublic(row);
    return {
      objects: new Map(rows.map((row) => [row.id, row])),
      seesAll: rows.some(isAnothers),
      unread: [],
    };
  } catch (error) {
    signal?.throwIfAborted();
    return { objects: undefined, seesAll: false, unread: unreadService(kind, error) };
  }
}

/** Whether a kind is not observed because its service failed, and not because the cloud has none. */
export function hasFailed(kind: Kind, unread: readonly Unread[]): boolean {
  return unread.some(({ object, id }) => object === 'service' && id === sources[kind].service);
}

/** What could not be read because a service failed; nothing if the cloud does not have the service. */
export function unreadService(kind: Kind, error: unknown): Unread[] {
  if (error instanceof CatalogError) return [];
  const { service } = sources[kind];
  return [{ object: 'service', id: service, name: services[service].name, error }];
}
