import type { FastifyInstance } from 'fastify';
import type { Volume } from '../cloud/block-storage.ts';
import type { Call } from './call.ts';
import { filter, flag, page } from './nova-query.ts';
import { notInSandbox, Refusal } from './refusal.ts';
import { type Answer, addManners, listBody, type Site, webObNotFound, withToken } from './service.ts';
import { zoneless } from './times.ts';

/** Block storage (Cinder) v3, at version 3.0: the volumes. */
export function addCinder(app: FastifyInstance, site: Site): void {
  const { blockStorage } = site.cloud;
  addManners(app, site.cloud, {
    requestIdHeaders: ['x-openstack-request-id', 'x-compute-request-id'],
    refusalBody: ({ status, message }) => ({
      [refusalKeys[status] ?? 'computeFault']: { code: status, message },
    }),
    noSuchRoute: webObNotFound,
    headers: () => ({ 'openstack-api-version': 'volume 3.0', vary: 'OpenStack-API-Version' }),
  });
  /** A route below the project, which has to be the token's. */
  const route = (method: 'GET' | 'DELETE', url: string, answer: Answer) =>
    app.route({
      method,
      url: `/v3/:project${url}`,
      handler: withToken(site, (call) => {
        if (call.parameter('project') === call.project?.id) return answer(call);
        throw new Refusal(400, 'Malformed request url');
      }),
    });
  const find = (call: Call) => {
    const id = call.parameter('id');
    const volume = blockStorage.volume(id);
    if (volume && isVisible(call, volume)) return volume;
    throw new Refusal(404, `Volume ${id} could not be found.`);
  };

  route('GET', '/volumes/detail', listVolumes);
  route('GET', '/volumes/:id', (call) => JSON.stringify({ volume: volumeBody(call, find(call)) }));
  route('DELETE', '/volumes/:id', (call) => {
    const { id, status, attachments } = find(call);
    if (attachments.length > 0 || !deletable.has(status)) {
      throw new Refusal(
        400,
        'Invalid volume: Volume status must be available or error or error_restoring or error_extending or error_managing and must not be migrating, attached, belong to a group, have snapshots or be disassociated from snapshots after volume transfer.',
      );
    }
    blockStorage.deleteVolume(id);
    call.reply.code(202);
    return undefined;
  });
  // The sandbox has no snapshots; the list is requested before a project is deleted, to find what is left in it.
  route('GET', '/snapshots/detail', () => listBody('snapshots', [], {}));
  route('GET', '/os-quota-sets/:id', (call) => {
    const id = call.parameter('id');
    if (call.isAdmin || call.project?.id === id) return JSON.stringify({ quota_set: { id, ...quotas } });
    throw new Refusal(403, "Policy doesn't allow volume_extension:quotas:show to be performed.");
  });
  route('GET', '/limits', (call) => {
    const own = [...blockStorage.volumes()].filter(({ projectId }) => projectId === call.project?.id);
    const absolute = {
      maxTotalVolumes: quotas.volumes,
      maxTotalVolumeGigabytes: quotas.gigabytes,
      totalVolumesUsed: own.length,
      totalGigabytesUsed: own.reduce((sum, { size }) => sum + size, 0),
    };
    return JSON.stringify({ limits: { rate: [], absolute } });
  });
}

const refusalKeys: Readonly<Record<number, string>> = {
  400: 'badRequest',
  401: 'unauthorized',
  403: 'forbidden',
  404: 'itemNotFound',
};

/** What one project may use here, in each Cinder by default. */
const quotas = { volumes: 10, snapshots: 10, gigabytes: 1_000 };

/** States in which Cinder deletes a volume. */
const deletable = new Set(['available', 'error', 'error_restoring', 'error_extending', 'error_managing']);

function isVisible({ isAdmin, project }: Call, volume: Volume): boolean {
  return isAdmin || volume.projectId === project?.id;
}

/** Without the admin role `all_tenants` is ignored: Cinder lists the caller's own project, and reports no error. */
function listVolumes(call: Call): string {
  const { query, isAdmin, project } = call;
  const { blockStorage } = call.cloud;
  for (const name of otherFilters) if (query.has(name)) throw notInSandbox(`list volumes by ${name}`);
  const allTenants = isAdmin && flag(call, 'all_tenants');
  const projectId = allTenants ? query.get('project_id') : (project?.id ?? '');
  const [name, status, marker] = [query.get('name'), query.get('status'), query.get('marker')];
  const wanted = (volume: Volume) =>
    (projectId === null || volume.projectId === projectId) &&
    (name === null || volume.name === name) &&
    (status === null || volume.status === status);
  const behind = marker === null ? undefined : blockStorage.volume(marker);
  if (marker !== null && !behind) throw new Refusal(404, `Volume ${marker} could not be found.`);
  const { items, links } = page(call, filter(blockStorage.volumes().behind(behind), wanted));
  const bodies = items.map((volume) => JSON.stringify(volumeBody(call, volume)));
  return listBody('volumes', bodies, links('volumes', `/v3/${call.parameter('project')}/volumes/detail`));
}

/** Parameters of Cinder's list that the sandbox does not implement. */
const otherFilters = ['bootable', 'metadata', 'offset', 'sort', 'sort_dir', 'sort_key', 'with_count'];

function volumeBody(call: Call, volume: Volume) {
  const { isAdmin, base } = call;
  const { id } = volume;
  const path = `${volume.projectId}/volumes/${id}`;
  return {
    id,
    status: volume.status,
    size: volume.size,
    availability_zone: volume.availabilityZone,
    created_at: zoneless(volume.createdAt),
    updated_at: zoneless(volume.updatedAt),
    name: volume.name,
    description: null,
    volume_type: volume.volumeType,
    snapshot_id: null,
    source_volid: null,
    metadata: volume.metadata,
    links: [
      { rel: 'self', href: `${base}/v3/${path}` },
      { rel: 'bookmark', href: `${base}/${path}` },
    ],
    user_id: volume.userId,
    bootable: String(volume.bootable),
    encrypted: volume.encrypted,
    replication_status: null,
    consistencygroup_id: null,
    multiattach: false,
    attachments: volume.attachments.map((attachment, index) => ({
      id,
      attachment_id: attachment.id,
      volume_id: id,
      server_id: attachment.serverId,
      host_name: isAdmin ? 'node' : null,
      device: `/dev/vd${String.fromCharCode(97 + index)}`,
      attached_at: zoneless(attachment.attachedAt),
    })),
    'os-vol-tenant-attr:tenant_id': volume.projectId,
    ...(isAdmin
      ? {
          'os-vol-host-attr:host': 'node@fake#fake',
          'os-vol-mig-status-attr:migstat': null,
          'os-vol-mig-status-attr:name_id': null,
        }
      : {}),
    migration_status: null,
  };
}
