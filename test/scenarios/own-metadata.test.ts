import { expect, test } from 'vitest';
import { startScenario } from '../support/scenario.ts';

/*
 * What a portal user may write into racks and devices of his own: everything but the ids is put right by one full run; with other ids,
 * or none, an object is one that the service leaves alone.
 */

test('whatever a user writes into his racks and devices beside the ids, one full run puts right', async () => {
  await using scenario = await startScenario({ projects: 1, stacks: 3, servers: 2 });
  const { portal, services } = scenario.sandbox;
  await scenario.run();
  const shown = () => ({
    racks: portal.racks.all().sort(byId).map(withoutTimes),
    devices: portal.devices.all().sort(byId).map(withoutTimes),
  });
  const before = shown();
  const servers = portal.devices.all().map(({ metadata }) => metadata['openstack_instance_id']);
  const forged = { revision: '9999', servers, server_groups: [], volumes: [], networks: [] };
  for (const { id, metadata } of portal.racks.all()) {
    portal.racks.update(id, {
      name: `mine-${id}`,
      status: 'FAILED',
      creation_output: 'url=http://evil.example/',
      metadata: {
        ...metadata,
        openstack_stack_observed: forged,
        openstack_stack_output: 'url=http://evil.example/',
        openstack_stack_owner: 'mallory',
        stack_status_reason: 'mine',
      },
    });
  }
  for (const { id, metadata } of portal.devices.all()) {
    portal.devices.update(id, {
      name: `mine-${id}`,
      status: 'FAILED',
      metadata: { ...metadata, openstack_stack_id: 'another', net_interfaces: 'mine' },
    });
  }

  const healing = await scenario.run();
  const idle = await scenario.run();

  expect(healing.failures).toEqual([]);
  expect(healing.changes).toEqual({ 'update-rack': 3, 'update-device': 6 });
  expect(shown()).toEqual(before);
  expect(idle.changes).toEqual({});
  // The service read three stacks once more, because their racks showed other outputs, and then none.
  expect(healing.requests['Heat']).toBe((idle.requests['Heat'] ?? 0) + 2 * 3);
  expect(services.heat.seen.filter(({ url }) => url.includes('/resources'))).toEqual([]);
});

test('a rack that its user robs of its stack stays as it is, and the stack gets another', async () => {
  await using scenario = await startScenario({ projects: 1, stacks: 1, servers: 2 });
  const { portal } = scenario.sandbox;
  await scenario.run();
  const [rack] = portal.racks.all();
  portal.racks.update(rack?.id ?? 0, { metadata: {} });

  await scenario.run();
  const idle = await scenario.run();

  expect(idle.changes).toEqual({});
  expect(portal.racks.all().find(({ id }) => id === rack?.id)).toMatchObject({ metadata: {} });
  const now = portal.racks.all().find(({ id }) => id !== rack?.id);
  expect(portal.devices.all().map(({ rack_id }) => rack_id)).toEqual([now?.id, now?.id]);
});

const byId = (a: { readonly id: number }, b: { readonly id: number }) => a.id - b.id;

function withoutTimes(row: object): object {
  return Object.fromEntries(Object.entries(row).filter(([key]) => !key.endsWith('_at')));
}
