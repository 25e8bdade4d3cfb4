import type { FastifyInstance } from 'fastify';
import { expect, test } from 'vitest';
import { SmallCloud, type SmallCloudOptions } from '../../test/support/small-cloud.ts';
import { listVolumes, showVolume } from './block-storage.ts';
import { CatalogError } from './catalog.ts';
import type { ProjectId, VolumeId } from './model.ts';

/**
 * A volume as the Cinder of 2022 shows it to an administrator, with fields that the service does not read.
 */
function row(more: Record<string, unknown> = {}) {
  return {
    id: 'v1',
    name: 'gw_volume',
    status: 'in-use',
    size: 20,
    volume_type: 'lvmdriver-1',
    availability_zone: 'nova',
    bootable: 'true',
    encrypted: false,
    created_at: '2026-11-22T19:14:44.000000',
    'os-vol-tenant-attr:tenant_id': 'p1',
    'os-vol-host-attr:host': 'node@lvm#lvm',
    metadata: { readonly: 'True', other: 1 },
    attachments: [{ server_id: 's1', attachment_id: 'a1', device: '/dev/vda' }],
    multiattach: false,
    ...more,
  };
}

const volume = {
  kind: 'volume',
  id: 'v1',
  name: 'gw_volume',
  projectId: 'p1',
  status: 'in-use',
  size: 20,
  volumeType: 'lvmdriver-1',
  availabilityZone: 'nova',
  bootable: true,
  encrypted: false,
  readOnly: true,
  servers: ['s1'],
  createdAt: '2026-11-22T19:14:44.000000',
};

/** A Cinder with pages of `pageLength` rows: a full page links to a next one, even where no row follows. */
async function cinder(rows: { id?: string }[], pageLength = 1000, more: SmallCloudOptions = {}) {
  const cloud = await SmallCloud.start({
    hasCinder: true,
    ...more,
    routes: (app: FastifyInstance) => {
      const root = '/block-storage/v3/admin/volumes';
      app.get(`${root}/detail`, (request, reply) => {
        const { marker } = request.query as { marker?: string };
        const at = marker === undefined ? 0 : rows.findIndex(({ id }) => id === marker) + 1;
        if (marker !== undefined && at === 0) {
          return reply
            .code(404)
            .send({ itemNotFound: { code: 404, message: `Volume ${marker} not found.` } });
        }
        const page = rows.slice(at, at + pageLength);
        if (page.length < pageLength) return { volumes: page };
        const path = request.url.replace('/block-storage', '').replace(/&marker=.*/, '');
        const next = `http://inside.invalid:8776${path}&marker=${page.at(-1)?.id}`;
        return { volumes: page, volumes_links: [{ rel: 'next', href: next }] };
      });
      app.get(`${root}/:id`, (request, reply) => {
        const { id } = request.params as { id: string };
        const found = rows.find((row) => row.id === id);
        if (found) return { volume: found };
        if (id === 'proxy') return reply.code(404).send('<h1>Not Found</h1>');
        return reply.code(404).send({ itemNotFound: { code: 404, message: `Volume ${id} not found.` } });
      });
    },
  });
  return { cloud, session: cloud.session(), [Symbol.asyncDispose]: () => cloud[Symbol.asyncDispose]() };
}

test('volumes of all projects are listed to their end, whatever the length of a page', async () => {
  const ids = ['a', 'b', 'c', 'd'];
  for (const pageLength of [1, 2, 3, 4, 5]) {
    await using small = await cinder(
      ids.map((id) => row({ id })),
      pageLength,
    );

    const found = await listVolumes(small.session);

    expect(found.map(({ id }) => id)).toEqual(ids);
    expect(small.cloud.seen[0]).toBe('GET /block-storage/v3/admin/volumes/detail?all_tenants=1&limit=1000');
  }
});

test('a volume is read with what is shown of it, and of a project alone where that is wanted', async () => {
  await using small = await cinder([row()]);

  expect(await listVolumes(small.session, { projectId: 'p1' as ProjectId })).toEqual([volume]);
  expect(small.cloud.seen).toEqual([
    'GET /block-storage/v3/admin/volumes/detail?all_tenants=1&limit=1000&project_id=p1',
  ]);
});

test('a volume says little: no name, no type, no server, no metadata', async () => {
  const bare = row({
    name: null,
    volume_type: null,
    availability_zone: null,
    bootable: 'false',
    metadata: {},
    attachments: [{ server_id: null }],
  });
  await using small = await cinder([bare]);

  expect(await showVolume(small.session, 'v1' as VolumeId)).toEqual({
    ...volume,
    name: '',
    volumeType: null,
    availabilityZone: null,
    bootable: false,
    readOnly: false,
    servers: [],
  });
});

test('a volume that is not understood stays in the list, and one without an id spoils it', async () => {
  const hidden = row({ id: 'hidden', 'os-vol-tenant-attr:tenant_id': undefined });
  await using small = await cinder([hidden, row({ id: 'torn', size: null }), row()]);

  const found = await listVolumes(small.session);

  expect(found).toEqual([
    {
      kind: 'unreadable',
      id: 'hidden',
      problem: expect.stringMatching(/^os-vol-tenant-attr:tenant_id: /),
    },
    { kind: 'unreadable', id: 'torn', problem: expect.stringMatching(/^size: /) },
    volume,
  ]);
  await using worse = await cinder([{ status: 'available' } as { id?: string }]);
  await expect(listVolumes(worse.session)).rejects.toThrow(/volumes\[?\.?0.*a volume without an id/);
});

test("only Cinder's own word about the volume is a 404", async () => {
  await using small = await cinder([]);

  expect(await showVolume(small.session, 'gone' as VolumeId)).toBeUndefined();
  await expect(showVolume(small.session, 'proxy' as VolumeId)).rejects.toMatchObject({
    severity: 'transient',
  });
});

test('a cloud without Cinder is distinguished from one whose Cinder fails', async () => {
  await using without = await cinder([], 1000, { hasCinder: false });
  await expect(listVolumes(without.session)).rejects.toBeInstanceOf(CatalogError);

  await using failing = await cinder([row()]);
  failing.cloud.faults.add({ service: 'cloud', kind: 'answer', status: 503, path: /volumes/ });
  await expect(listVolumes(failing.session)).rejects.toMatchObject({ status: 503, severity: 'transient' });
});
