import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Capture, capturedMessages } from '../../test/support/captured-notifications.ts';
import { type Notification, openEnvelope, UnreadableMessageError } from './envelope.ts';
import { meaningOf } from './meaning.ts';

function notification(eventType: string, payload: Record<string, unknown>): Notification {
  return { eventType, payload, sentAt: undefined, contextProjectId: undefined };
}

/** What a capture means: per event type how many were ours, and the objects they named. */
function meaningsOf(capture: Capture) {
  const ours = new Map<string, number>();
  const foreign = new Map<string, number>();
  const references = capturedMessages(capture).flatMap(({ body }) => {
    const opened = openEnvelope(Buffer.from(body));
    const meaning = meaningOf(opened);
    const counts = meaning.kind === 'references' ? ours : foreign;
    counts.set(opened.eventType, (counts.get(opened.eventType) ?? 0) + 1);
    return meaning.kind === 'references' ? meaning.references : [];
  });
  return { ours: Object.fromEntries(ours), foreign: Object.fromEntries(foreign), references };
}

describe('every captured message is understood or named as not ours', () => {
  test('nova, unversioned', () => {
    const { ours, foreign, references } = meaningsOf('nova-neutron-unversioned');

    expect(ours).toEqual({
      'compute.instance.update': 25,
      'compute.instance.create.start': 1,
      'compute.instance.create.end': 1,
      'compute.instance.power_off.start': 1,
      'compute.instance.power_off.end': 1,
      'compute.instance.power_on.start': 1,
      'compute.instance.power_on.end': 1,
      'compute.instance.suspend.start': 1,
      'compute.instance.suspend.end': 1,
      'compute.instance.resume.start': 1,
      'compute.instance.resume.end': 1,
      'compute.instance.reboot.start': 1,
      'compute.instance.reboot.end': 1,
      'compute.instance.shutdown.start': 1,
      'compute.instance.shutdown.end': 1,
      'compute.instance.delete.start': 2,
      'compute.instance.delete.end': 2,
      'compute_task.build_instances': 1,
      'port.update.end': 1,
      'port.delete.end': 1,
      'floatingip.create.end': 1,
      'floatingip.update.end': 2,
      'floatingip.delete.end': 1,
    });
    expect(Object.keys(foreign).map((type) => type.split('.')[0])).toEqual(
      expect.arrayContaining(['scheduler', 'port', 'identity']),
    );
    expect(new Set(references.map(({ id }) => id))).toEqual(
      new Set([
        'a9cee660-0ff6-4a69-9063-fb7f1c6f6be8',
        'bbdf6350-853c-4832-97ce-294698df814f',
        '203.0.113.26',
      ]),
    );
    expect(
      references.flatMap((reference) =>
        reference.kind === 'floating-ip' ? [reference.serverId?.slice(0, 8)] : [],
      ),
    ).toEqual([undefined, 'a9cee660', undefined, undefined]);
    expect(references.filter(({ deleted }) => deleted)).toHaveLength(2);
  });

  test('nova, versioned', () => {
    const { ours, foreign, references } = meaningsOf('nova-neutron-versioned');

    expect(Object.values(ours).reduce((sum, count) => sum + count, 0)).toBe(50);
    expect(Object.keys(ours).every((type) => /^(instance|compute_task|port|floatingip)\./.test(type))).toBe(
      true,
    );
    expect(foreign).toMatchObject({ 'flavor.create': 1, 'flavor.delete': 1, 'identity.authenticate': 4 });
    expect(new Set(references.map(({ id }) => id))).toEqual(
      new Set([
        'de2f662d-e804-4cc8-a29a-695d4a84764f',
        '0e0ec639-2f32-42b3-92f4-30b44c0945bf',
        '203.0.113.48',
      ]),
    );
    expect(references.filter(({ deleted }) => deleted)).toHaveLength(2);
  });

  test('heat, nested stacks too', () => {
    const { ours, foreign, references } = meaningsOf('heat');

    expect(Object.values(ours).reduce((sum, count) => sum + count, 0)).toBe(28);
    expect(foreign).toEqual({});
    expect(new Set(references.map(({ kind }) => kind))).toEqual(new Set(['stack']));
    expect(references.filter(({ deleted }) => deleted)).toHaveLength(3);
    expect(references.every(({ projectId }) => projectId?.length === 32)).toBe(true);
  });

  test.each(['keystone-cadf', 'keystone-basic'] as const)('%s', (capture) => {
    const { ours, foreign } = meaningsOf(capture);

    expect(ours).toEqual({});
    expect(Object.values(foreign).reduce((sum, count) => sum + count, 0)).toBe(19);
  });
});

test.each([
  ['compute.instance.update', { instance_id: 's1', tenant_id: 'p1' }, 's1', false],
  ['compute.instance.delete.start', { instance_id: 's1', tenant_id: 'p1' }, 's1', false],
  ['compute.instance.delete.end', { instance_id: 's1', tenant_id: 'p1' }, 's1', true],
  ['compute.instance.delete.error', { instance_id: 's1', tenant_id: 'p1' }, 's1', false],
  ['compute.instance.soft_delete.end', { instance_id: 's1', tenant_id: 'p1' }, 's1', false],
  ['compute.instance.force_delete.end', { instance_id: 's1', tenant_id: 'p1' }, 's1', true],
  ['compute.instance.a_verb_of_the_future.end', { instance_id: 's1', tenant_id: 'p1' }, 's1', false],
  ['instance.delete.end', { 'nova_object.data': { uuid: 's1', tenant_id: 'p1' } }, 's1', true],
  ['instance.resize_finish.error', { 'nova_object.data': { uuid: 's1', tenant_id: 'p1' } }, 's1', false],
  ['orchestration.stack.delete.end', { stack_identity: 's1', tenant_id: 'p1' }, 's1', true],
  ['orchestration.stack.delete.error', { stack_identity: 's1', tenant_id: 'p1' }, 's1', false],
  [
    'orchestration.stack.suspend.start',
    { stack_identity: 'arn:openstack:heat::p1:stacks/web/s1', tenant_id: 'p1' },
    's1',
    false,
  ],
  ['volume.attach.end', { volume_id: 'v1', tenant_id: 'p1' }, 'v1', false],
  ['volume.delete.start', { volume_id: 'v1', tenant_id: 'p1' }, 'v1', false],
  ['volume.delete.end', { volume_id: 'v1', tenant_id: 'p1' }, 'v1', true],
  ['network.update.end', { network: { id: 'n1', project_id: 'p1' } }, 'n1', false],
  ['network.create.end', { networks: [{ id: 'n1', tenant_id: 'p1' }] }, 'n1', false],
  ['network.delete.end', { network_id: 'n1', network: { id: 'n1', project_id: 'p1' } }, 'n1', true],
  [
    'port.update.end',
    { port: { device_owner: 'compute:nova', device_id: 's1', project_id: 'p1' } },
    's1',
    false,
  ],
])('%s %j names its object', (eventType, payload, id, deleted) => {
  const meaning = meaningOf(notification(eventType, payload));

  expect(meaning).toMatchObject({ references: [{ id, projectId: 'p1', deleted }] });
});

test.each([
  ['network.create.start', { network: { name: 'lan' } }],
  ['port.update.end', { port: { device_owner: 'network:dhcp', device_id: 'dhcp1' } }],
  ['port.delete.end', { port_id: 'p' }],
  ['floatingip.update.start', { floatingip: { port_id: null }, id: 'f' }],
  ['floatingip.delete.end', { floatingip_id: 'f' }],
  ['volume_type.create', { id: 'ssd' }],
  ['snapshot.create.end', { snapshot_id: 's', volume_id: 'v' }],
])('%s %j is about nothing that is shown', (eventType, payload) => {
  expect(meaningOf(notification(eventType, payload))).toEqual({ kind: 'not-ours' });
});

test('a floating IP names the server that its port is plugged into, and none that is a router or a load balancer', () => {
  const given = (device_owner: string) =>
    meaningOf(
      notification('floatingip.update.end', {
        floatingip: {
          id: 'f',
          floating_ip_address: '203.0.113.1',
          project_id: 'p1',
          port_id: 'port',
          port_details: { device_id: 's1', device_owner },
        },
      }),
    );
  const named = { kind: 'floating-ip', id: '203.0.113.1', projectId: 'p1', deleted: false };

  expect(given('compute:nova')).toMatchObject({ references: [{ ...named, serverId: 's1' }] });
  expect(given('Octavia')).toMatchObject({ references: [{ ...named, serverId: undefined }] });
});

test.each([
  ['compute.instance.update', { instance_id: 's1' }, 'compute'],
  ['port.update.end', { port: { device_owner: 'compute:nova', device_id: 's1' } }, 'network'],
  ['orchestration.stack.create.end', { stack_identity: 'k1' }, 'orchestration'],
  ['volume.attach.end', { volume_id: 'v1' }, 'block-storage'],
])('%s is announced by the service it comes from', (eventType, payload, service) => {
  expect(meaningOf(notification(eventType, payload))).toMatchObject({ service });
});

test("a network's deletion that carries only its id takes the project of the requester", () => {
  const deleted = notification('network.delete.end', { network_id: 'n1' });

  expect(meaningOf({ ...deleted, contextProjectId: 'p9' })).toMatchObject({
    references: [{ kind: 'network', id: 'n1', projectId: 'p9', deleted: true }],
  });
});

test('an event of a server that does not say which is unreadable', () => {
  const read = () => meaningOf(notification('compute.instance.update', { instance_id: 7 }));

  expect(read).toThrow(UnreadableMessageError);
  expect(read).toThrow('compute.instance.update does not say which object it is about');
});

test('a project is taken from the context when the payload has none', () => {
  const meaning = meaningOf({
    ...notification('compute.instance.update', { instance_id: 's1' }),
    contextProjectId: 'p9',
  });

  expect(meaning).toMatchObject({ references: [{ projectId: 'p9' }] });
});

test('whatever an event of ours carries, it names objects or is unreadable, never anything else', () => {
  const ours = [
    'compute.instance.update',
    'instance.delete.end',
    'orchestration.stack.create.end',
    'compute_task.build_instances',
    'volume.update.end',
    'network.delete.end',
    'port.create.end',
    'floatingip.update.end',
  ];
  const fields = [
    'instance_id',
    'uuid',
    'stack_identity',
    'tenant_id',
    'nova_object.data',
    'instance_properties',
    'request_spec',
    'instance_uuids',
    'volume_id',
    'network',
    'networks',
    'network_id',
    'port',
    'ports',
    'floatingip',
    'floatingips',
    'floating_ip_address',
    'port_details',
  ];
  const payload = fc.dictionary(
    fc.oneof(fc.constantFrom(...fields), fc.string()),
    fc.oneof(fc.jsonValue(), fc.dictionary(fc.constantFrom(...fields), fc.jsonValue())),
  );

  fc.assert(
    fc.property(
      fc.oneof(fc.constantFrom(...ours), fc.string({ minLength: 1 })),
      payload,
      (eventType, payload) => {
        try {
          const meaning = meaningOf(notification(eventType, payload));
          if (meaning.kind === 'references')
            for (const { id } of meaning.references) expect(typeof id).toBe('string');
        } catch (error) {
          expect(error).toBeInstanceOf(UnreadableMessageError);
        }
      },
    ),
    { numRuns: 300 },
  );
});
