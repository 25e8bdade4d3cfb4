/**
 * Block storage (Cinder) v3, without a microversion: all that is read of a volume has been there since 3.0.
 */
import { z } from 'zod';
import { parseBody } from '../http/body.ts';
import { ListBody } from '../http/list-body.ts';
import type { ListOptions } from '../http/list-options.ts';
import { memoryOfEach } from '../http/row-memory.ts';
import { assertNotFound } from './errors.ts';
import type { ProjectId, ServerId, Unreadable, Volume, VolumeId } from './model.ts';
import { type PagedShape, readPages } from './paging.ts';
import { rowOrUnreadable } from './row.ts';
import type { Session } from './session.ts';
import * as wire from './wire/block-storage.ts';

/** Cinder's own `osapi_max_limit`. */
const pageSize = 1000;

const VolumeRow = rowOrUnreadable<Volume, VolumeId>(wire.Volume.transform(toVolume), 'a volume');

const volumes: PagedShape<Volume | Unreadable<VolumeId>> = {
  field: 'volumes',
  row: VolumeRow,
  links: 'volumes_links',
};

/** The volumes of the whole cloud, as each session saw them last. */
const memoryOf = memoryOfEach<Volume | Unreadable<VolumeId>>();

/**
 * The volumes of all projects, or of one. Who is no administrator gets those of the session's own project from Cinder,
 * without a word.
 *
 * @throws {CatalogError} the cloud has no Cinder
 */
export async function listVolumes(
  session: Session,
  { projectId, signal }: ListOptions & { readonly projectId?: ProjectId | undefined } = {},
): Promise<(Volume | Unreadable<VolumeId>)[]> {
  const query = { all_tenants: 1, limit: pageSize, project_id: projectId };
  const request = {
    method: 'GET',
    path: '/volumes/detail',
    route: '/volumes/detail',
    query,
    signal,
  } as const;
  // A list of one project must not have the others' rows forgotten.
  const memory = projectId === undefined ? memoryOf(session) : undefined;
  const { rows } = await readPages(session, 'block-storage', request, volumes, memory);
  return rows;
}

/** Some volumes of all projects, or of the session's own where Cinder shows no others: the newest `count`. */
export async function sampleVolumes(
  session: Session,
  count: number,
  signal?: AbortSignal,
): Promise<readonly (Volume | Unreadable<VolumeId>)[]> {
  const into = new ListBody(volumes);
  const path = '/volumes/detail';
  const query = { all_tenants: 1, limit: count };
  const request = { method: 'GET', path, route: path, query, into, signal } as const;
  return into.rowsOf(await session.request('block-storage', request));
}

/** One volume; undefined when it is not there any more. */
export async function showVolume(
  session: Session,
  id: VolumeId,
  signal?: AbortSignal,
): Promise<Volume | Unreadable<VolumeId> | undefined> {
  const response = await session.request('block-storage', {
    method: 'GET',
    path: `/volumes/${encodeURIComponent(id)}`,
    route: '/volumes/{id}',
    accept: [404],
    signal,
  });
  if (response.status === 404) {
    assertNotFound(response);
    return undefined;
  }
  return parseBody(response, z.object({ volume: VolumeRow })).volume;
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
