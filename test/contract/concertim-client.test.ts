import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import {
  createDevice,
  deleteDevice,
  listDevices,
  moveDevice,
  readDevices,
  showDevice,
  updateDevice,
} from '../../src/concertim/devices.ts';
import { isTaken } from '../../src/concertim/errors.ts';
import type {
  DeviceDraft,
  DeviceId,
  OwnerId,
  RackDraft,
  RackId,
  TemplateDraft,
  TemplateId,
} from '../../src/concertim/model.ts';
import {
  createRack,
  deleteRack,
  listRacks,
  readRacks,
  showRack,
  updateRack,
} from '../../src/concertim/racks.ts';
import { Session } from '../../src/concertim/session.ts';
import {
  createTemplate,
  deleteTemplate,
  listTemplates,
  updateTemplate,
} from '../../src/concertim/templates.ts';
import { listUsers } from '../../src/concertim/users.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { Secret } from '../../src/runtime/secret.ts';
import { explain } from '../../src/runtime/severity.ts';
import { Faults } from '../../src/sandbox/faults.ts';
import { Portal } from '../../src/sandbox/portal/portal.ts';
import { startPortal } from '../../src/sandbox/portal/start-portal.ts';

/** The portal's client against the portal that the recording holds to the real one. */

const portal = new Portal({ release: '2023-08' });
const faults = new Faults();
const service = await startPortal({ portal, faults });
const session = new Session({
  url: service.url,
  login: 'admin',
  password: new Secret('admin'),
  clock: { now: () => systemClock.now(), sleep: async () => undefined },
});
const alice = portal.addUser({
  login: 'alice',
  project_id: '6fca3f5c1b5d4a3e9b1c9c5ad1f0b001',
  cloud_user_id: 'fedcba9876543210fedcba9876543210',
});
const small = portal.addTemplate({ name: 'm1.small', height: 1, foreign_id: 'f1' });

beforeEach(() => {
  for (const { id } of portal.racks.all()) portal.deleteRack(id);
  faults.clear();
  service.forget();
});
afterAll(async () => {
  await session.close();
  await service.close();
});

function rackDraft(fields: Partial<RackDraft> = {}): RackDraft {
  return {
    ownerId: alice.id as OwnerId,
    name: 'cluster',
    height: 42,
    status: 'ACTIVE',
    creationOutput: '',
    networkDetails: {},
    metadata: { openstack_stack_id: 's1' },
    orderId: 's1',
    createdAt: '2026-11-22T12:00:00Z',
    clusterType: undefined,
    ...fields,
  };
}

function deviceDraft(rackId: number, fields: Partial<DeviceDraft & { kind: 'server' }> = {}): DeviceDraft {
  return {
    kind: 'server',
    createdAt: '2026-11-22T12:00:00Z',
    templateId: small.id as TemplateId,
    name: 'node',
    description: 'a server',
    status: 'ACTIVE',
    location: { rackId: rackId as RackId, startU: 42, facing: 'f' },
    publicIps: '',
    privateIps: 'net:10.0.0.1',
    sshKey: 'key',
    loginUser: '',
    volumeDetails: { v1: { size: 10 } },
    metadata: { openstack_instance_id: 'i1' },
    ...fields,
  };
}

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => expect.fail('it did not fail'),
    (error: unknown) => error,
  );
}

function requests(method: string): number {
  return service.seen.filter((request) => request.method === method && request.url.startsWith('/api')).length;
}

describe('users', () => {
  test('ids of the cloud come without dashes; a super-user has none', async () => {
    const users = await listUsers(session);

    expect(users).toContainEqual({
      id: alice.id,
      login: 'alice',
      root: false,
      leaving: false,
      teamIds: [],
      account: { billingAccountId: undefined, cost: 0, credits: undefined, billingPeriod: null },
      cloudUserId: 'fedcba9876543210fedcba9876543210',
      projectId: '6fca3f5c1b5d4a3e9b1c9c5ad1f0b001',
    });
    expect(users).toContainEqual(
      expect.objectContaining({ id: 1, login: 'admin', root: true, cloudUserId: null, projectId: null }),
    );
  });

  test('a blank project is none', async () => {
    const bob = portal.addUser({ login: 'bob', project_id: ' ' });

    const users = await listUsers(session);

    expect(users.find(({ id }) => id === bob.id)?.projectId).toBeNull();
  });
});

describe('racks', () => {
  test('what is made is what is listed', async () => {
    const draft = rackDraft({ metadata: { openstack_stack_id: 's1', a: { z: [1], b: null } } });
    const { orderId: _, createdAt: __, clusterType: ___, ...shown } = draft;

    const made = await createRack(session, draft);

    expect(made).toEqual({ ...shown, cost: 0, id: made.id });
    expect(await listRacks(session)).toEqual([made]);
  });

  test('a change leaves alone what it does not name, and replaces objects whole', async () => {
    const { id } = await createRack(session, rackDraft({ networkDetails: { n: 1 } }));

    const changed = await updateRack(session, id, { status: 'FAILED', metadata: { only: 'this' } });

    expect(changed).toMatchObject({ name: 'cluster', networkDetails: { n: 1 }, status: 'FAILED' });
    expect(changed.metadata).toEqual({ only: 'this' });
  });

  test('a name that the owner has already is taken; another owner may have it', async () => {
    const bob = portal.addUser({ login: 'bob2' });
    await createRack(session, rackDraft());

    const error = await failureOf(createRack(session, rackDraft()));
    await createRack(session, rackDraft({ ownerId: bob.id as OwnerId }));

    expect(isTaken(error)).toBe(true);
    expect(portal.racks.size).toBe(2);
  });

  test('another 422 does not mean that the rack exists', async () => {
    const error = await failureOf(createRack(session, rackDraft({ height: 73 })));

    expect(isTaken(error)).toBe(false);
    expect(error).toMatchObject({
      kind: 'invalid',
      problems: [{ field: 'u_height', problem: 'must be less than 73' }],
    });
  });

  test('a rack is shown with what stands in it; one that is gone is undefined', async () => {
    const { id } = await createRack(session, rackDraft());
    const device = await createDevice(session, deviceDraft(Number(id)));

    const shown = await showRack(session, id);
    const gone = await showRack(session, 999 as RackId);

    expect(shown?.rack.name).toBe('cluster');
    expect(shown?.devices).toEqual([device]);
    expect(gone).toBeUndefined();
  });

  test('a 404 that does not come from the portal is not taken for a rack that is gone', async () => {
    faults.add({ service: 'concertim', path: /racks\/7/, kind: 'answer', status: 404 });

    await expect(showRack(session, 7 as RackId)).rejects.toMatchObject({ kind: 'not-found' });
    await expect(deleteRack(session, 7 as RackId)).rejects.toMatchObject({ kind: 'not-found' });
  });

  test('a rack that is not empty is not deleted, and what stands in it neither', async () => {
    const { id } = await createRack(session, rackDraft());
    await createDevice(session, deviceDraft(Number(id)));

    const error = await failureOf(deleteRack(session, id));

    expect(error).toMatchObject({ kind: 'refused', severity: 'terminal' });
    expect(explain(error)).toContain('rack is not empty');
    expect(portal.devices.size).toBe(1);
  });

  test('what is deleted already counts as deleted', async () => {
    const { id } = await createRack(session, rackDraft());
    faults.add({ service: 'concertim', method: 'DELETE', times: 1, kind: 'reset-after' });

    await deleteRack(session, id);
    await deleteRack(session, id);

    expect(portal.racks.size).toBe(0);
    expect(requests('DELETE')).toBe(3);
  });

  test('a create whose answer is lost is not sent again', async () => {
    faults.add({ service: 'concertim', method: 'POST', path: /racks/, times: 1, kind: 'reset-after' });

    const error = await failureOf(createRack(session, rackDraft()));

    expect(error).toMatchObject({ name: 'ConnectionError', maybeCarriedOut: true });
    expect(portal.racks.size).toBe(1);
    expect(requests('POST')).toBe(1);
  });

  test('a change is sent again when the portal stumbles', async () => {
    const { id } = await createRack(session, rackDraft());
    faults.add({ service: 'concertim', method: 'PATCH', times: 1, kind: 'answer', status: 503 });

    const changed = await updateRack(session, id, { height: 50 });

    expect(changed.height).toBe(50);
    expect(requests('PATCH')).toBe(2);
  });

  test('two racks of one name block what stands in them, and the error says so', async () => {
    portal.addRack({ user_id: alice.id, name: 'twin' });
    const rack = portal.addRack({ user_id: alice.id, name: 'twin' });

    const onCreate = await failureOf(createDevice(session, deviceDraft(rack.id)));
    const onUpdate = await failureOf(updateRack(session, rack.id as RackId, { height: 50 }));
    await updateRack(session, rack.id as RackId, { name: 'other' });
    await createDevice(session, deviceDraft(rack.id));

    expect(onCreate).toMatchObject({ kind: 'invalid', problems: [], severity: 'terminal' });
    expect(explain(onCreate)).toContain('two racks of one owner have the same name');
    expect(isTaken(onUpdate)).toBe(true);
  });
});

describe('devices', () => {
  test('what is made is what is listed', async () => {
    const rack = portal.addRack({ user_id: alice.id, name: 'rack' });
    const draft = deviceDraft(rack.id);
    const { createdAt: _, ...shown } = draft;

    const made = await createDevice(session, draft);

    const location = { ...draft.location, endU: 42 };
    expect(made).toEqual({ ...shown, cost: 0, location, id: made.id });
    expect(await listDevices(session)).toEqual([made]);
  });

  test('a change leaves alone what it does not name', async () => {
    const rack = portal.addRack({ user_id: alice.id, name: 'rack' });
    const made = await createDevice(session, deviceDraft(rack.id));

    const changed = await updateDevice(session, made, { status: 'SUSPENDED', volumeDetails: {} });

    expect(changed).toEqual({ ...made, status: 'SUSPENDED', volumeDetails: {} });
  });

  test('it is moved within its rack; a place that is taken leaves it where it is', async () => {
    const rack = portal.addRack({ user_id: alice.id, name: 'rack' });
    const at = (startU: number) => ({ rackId: rack.id as RackId, startU, facing: 'f' as const });
    const made = await createDevice(session, deviceDraft(rack.id, { location: at(1) }));
    await createDevice(session, deviceDraft(rack.id, { name: 'other', location: at(5) }));

    const moved = await moveDevice(session, made, { startU: 9, facing: 'b' });
    const refused = await failureOf(moveDevice(session, made, { startU: 5, facing: 'f' }));

    expect(moved.location).toMatchObject({ rackId: rack.id, startU: 9, facing: 'b' });
    expect(moved.name).toBe(made.name);
    expect(refused).toMatchObject({
      kind: 'invalid',
      problems: [{ field: 'start_u', problem: 'is occupied' }],
    });
    expect((await showDevice(session, made.id))?.location).toEqual(moved.location);
  });

  test('a description is cut to what the portal can store', async () => {
    const rack = portal.addRack({ user_id: alice.id, name: 'rack' });

    const made = await createDevice(session, deviceDraft(rack.id, { description: 'é'.repeat(300) }));

    expect(made.description).toBe('é'.repeat(255));
  });

  test('a rack that does not exist makes the portal fail, and the error says what it means', async () => {
    const error = await failureOf(createDevice(session, deviceDraft(4711)));

    expect(error).toMatchObject({ kind: 'failed', status: 500, severity: 'transient' });
    expect(explain(error)).toContain('rack 4711 is gone');
    expect(requests('POST')).toBe(1);
  });

  test('the codes of a refused creation are reported', async () => {
    const rack = portal.addRack({ user_id: alice.id, name: 'rack' });
    await createDevice(session, deviceDraft(rack.id));

    const occupied = await failureOf(createDevice(session, deviceDraft(rack.id, { name: 'other' })));
    const place = { rackId: rack.id as RackId, startU: 1, facing: 'f' as const };
    const taken = await failureOf(createDevice(session, deviceDraft(rack.id, { location: place })));

    expect(occupied).toMatchObject({ problems: [{ field: 'start_u', problem: 'is occupied' }] });
    expect(isTaken(occupied)).toBe(false);
    expect(isTaken(taken)).toBe(true);
  });

  test('one that is gone cannot be changed, and counts as deleted', async () => {
    await expect(
      updateDevice(session, { id: 4711 as DeviceId, kind: 'server' }, { status: 'ACTIVE' }),
    ).rejects.toMatchObject({
      kind: 'not-found',
    });
    await deleteDevice(session, 4711 as DeviceId);
  });

  test('one that is gone is not shown; a 404 that does not come from the portal says nothing', async () => {
    expect(await showDevice(session, 4711 as DeviceId)).toBeUndefined();

    faults.add({ service: 'concertim', path: /devices\/7/, kind: 'answer', status: 404 });
    await expect(showDevice(session, 7 as DeviceId)).rejects.toMatchObject({ kind: 'not-found' });
  });

  test('one that stands in no rack has no location', async () => {
    portal.addDevice({ template_id: small.id, name: 'loose', rack_id: null, start_u: 0 });

    const devices = await listDevices(session);
    const shown = await showDevice(session, devices[0]?.id as DeviceId);

    expect(devices).toMatchObject([{ name: 'loose', location: null }]);
    expect(shown).toEqual(devices[0]);
    for (const { id } of portal.devices.all()) portal.devices.remove(id);
  });
});

describe('templates', () => {
  const draft: TemplateDraft = {
    name: 'm1 / tiny (ü)',
    description: 'Flavor from OpenStack',
    height: 2,
    foreignId: 'f2',
    vcpus: 1,
    ram: 512,
    disk: null,
  };

  test('what is made is listed, changed and deleted', async () => {
    const made = await createTemplate(session, draft);
    const listed = await listTemplates(session);
    const changed = await updateTemplate(session, made.id, { vcpus: null, ram: 1024 });
    await deleteTemplate(session, made.id);

    expect(made).toEqual({ ...draft, id: made.id });
    expect(listed).toContainEqual(made);
    expect(changed).toEqual({ ...made, vcpus: null, ram: 1024 });
    expect(portal.templates.get(Number(made.id))).toBeUndefined();
  });

  test('one that devices are made from is not deleted, and they neither', async () => {
    const rack = portal.addRack({ user_id: alice.id, name: 'rack' });
    await createDevice(session, deviceDraft(rack.id));

    const error = await failureOf(deleteTemplate(session, small.id as TemplateId));

    expect(error).toMatchObject({ kind: 'refused' });
    expect(portal.devices.size).toBe(1);
  });
});

describe('lists are read whole or not at all', () => {
  function corrupt(path: RegExp, change: Record<string, unknown>): void {
    faults.add({
      service: 'concertim',
      path,
      kind: 'rewrite',
      rewrite: (body) =>
        (body as object[]).map((element, index) => (index === 1 ? { ...element, ...change } : element)),
    });
  }

  beforeEach(() => {
    for (const name of ['one', 'two', 'three']) {
      const rack = portal.addRack({ user_id: alice.id, name });
      portal.addDevice({ template_id: small.id, name, rack_id: rack.id, start_u: 1 });
    }
  });

  test.each([
    ['no id', { id: null }, 'a whole number or a UUID'],
    ['metadata that is a text', { metadata: '{}' }, 'metadata'],
    ['no metadata at all', { metadata: undefined }, 'metadata'],
    ['no owner', { owner: undefined }, 'no super-user'],
    ['no height', { u_height: null }, 'u_height'],
  ])('a rack with %s', async (_, change, told) => {
    corrupt(/racks$/, change);

    const { rows, unreadable } = await readRacks(session);

    expect(rows.map(({ name }) => name)).toEqual(['one', 'three']);
    expect(unreadable).toMatchObject([{ object: 'rack', problem: expect.stringContaining(told) }]);
    expect(await listRacks(session)).toEqual(rows);
  });

  test.each([
    ['half a location', { location: { type: 'rack', rack_id: 1 } }],
    ['no template', { template_id: undefined }],
  ])('a device with %s', async (_, change) => {
    corrupt(/devices$/, change);

    const { rows, unreadable } = await readDevices(session);

    expect(rows.map(({ name }) => name)).toEqual(['one', 'three']);
    expect(unreadable).toMatchObject([{ object: 'device', name: 'two', rackId: expect.anything() }]);
    expect(await listDevices(session)).toEqual(rows);
  });

  test('odd ips count as not shown: nothing is decided by them', async () => {
    corrupt(/devices$/, { public_ips: [] });

    expect((await listDevices(session))[1]).toMatchObject({ name: 'two', publicIps: undefined });
  });

  test('a status that is unknown to us stays as it is, for the plan to replace', async () => {
    corrupt(/(racks|devices)$/, { status: 'AVAILABLE' });

    expect((await listRacks(session)).map(({ status }) => status)).toEqual(['ACTIVE', 'AVAILABLE', 'ACTIVE']);
    expect((await listDevices(session)).map(({ status }) => status)).toEqual([
      'ACTIVE',
      'AVAILABLE',
      'ACTIVE',
    ]);
  });

  test('a device that stands elsewhere than in a rack has no location', async () => {
    corrupt(/devices$/, { location: { type: 'dcrv' } });

    expect((await listDevices(session))[1]?.location).toBeNull();
  });

  test('a list that is cut short is an error', async () => {
    faults.add({ service: 'concertim', path: /devices$/, kind: 'truncate' });

    await expect(listDevices(session)).rejects.toMatchObject({ severity: 'transient' });
  });
});
