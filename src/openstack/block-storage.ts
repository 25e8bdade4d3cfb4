/** Block storage (Cinder) v3, without a microversion: every field that is read has been there since 3.0. */
import type { ListOptions } from '../http/list-options.ts';
import type { ProjectId, ServerId, Unreadable, Volume, VolumeId } from './model.ts';
import { ObjectList } from './object-list.ts';
import { rowOrUnreadable } from './row.ts';
import type { Session } from './session.ts';
import * as wire from './wire/block-storage.ts';

const volumes = new ObjectList<Volume | Unreadable<VolumeId>>({
  service: 'block-storage',
  path: '/volumes',
  listPath: '/volumes/detail',
  listQuery: { all_tenants: 1 },
  shape: {
    field: 'volumes',
    row: rowOrUnreadable<Volume, VolumeId>(wire.Volume.transform(toVolume), 'a volume'),
    links: 'volumes_links',
  },
  field: 'volume',
});

/**
 * The volumes of all projects, or of one. To an account that is no administrator Cinder returns only those of
 * the session's own project, without an error.
 *
 * @throws {CatalogError} the cloud has no Cinder
 */
export function listVolumes(
  session: Session,
  options: ListOptions & { readonly projectId?: ProjectId | undefined } = {},
): Promise<(Volume | Unreadable<VolumeId>)[]> {
  return volumes.read(session, options);
}

/** Some volumes of all projects, or of the session's own where Cinder shows no others: the newest `count`. */
export function sampleVolumes(
  session: Session,
  count: number,
  signal?: AbortSignal,
): Promise<readonly (Volume | Unreadable<VolumeId>)[]> {
  return volumes.sample(session, count, signal);
}

/** One volume; undefined when it is not there any more. */
export function showVolume(
  session: Session,
  id: VolumeId,
  signal?: AbortSignal,
): Promise<Volume | Unreadable<VolumeId> | undefined> {
  return volumes.show(session, id, signal);
}

function toVolume(row: wire.Volume): Volume {
  return {
    kind: 'volume',
    id: row.id as VolumeId,
    name: row.name ?? '',
    projectId: row['os-vol-tenant-attr:tenant_id'] as ProjectId,
    status: row.status,
    size: row.size,
    volumeType: row.volume_type ?? null,
    availabilityZone: row.availability_zone ?? null,
    bootable: row.bootable,
    encrypted: row.encrypted,
    readOnly: row.metadata.readonly,
    servers: row.attachments.flatMap(({ server_id: id }) => (id ? [id as ServerId] : [])),
    createdAt: row.created_at,
  };
}
