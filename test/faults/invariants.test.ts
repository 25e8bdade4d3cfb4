/** That each of the checks at the end of a scenario can fail, and says what it found. */
import { expect, test } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';
import { plantCanaries } from '../support/canaries.ts';
import { Invariants } from '../support/invariants.ts';
import { portalRelease } from '../support/portal-release.ts';
import { World } from './world.ts';

/** A portal that shows the cloud, as the service itself has filled it. */
async function inStep(): Promise<World> {
  const world = await World.create({ projects: 1, stacks: 1, servers: 2 });
  await world.start();
  // In which all servers are measured.
  await world.pass(150_000);
  expect(await world.untilRight(600_000)).toBeDefined();
  return world;
}

const ours = ({ portal }: Sandbox) => {
  const device = portal.devices.all().find(({ metadata }) => 'openstack_instance_id' in metadata);
  const rack = portal.racks.all().find(({ metadata }) => 'openstack_stack_id' in metadata);
  if (!device || !rack) throw new Error('an empty portal');
  return { device, rack };
};

test('a portal that shows the cloud, and harms nothing, is right', async () => {
  await using world = await inStep();

  expect(world.wrong()).toEqual([]);
  expect(await world.end()).toEqual([]);
});

test('a status, a device, and a rack that are not as they should be are seen', async () => {
  await using world = await inStep();
  const { portal } = world.sandbox;
  const { device, rack } = ours(world.sandbox);
  await world.stop();

  portal.devices.update(device.id, { status: 'STOPPED' });
  portal.racks.update(rack.id, { status: 'FAILED' });

  expect(world.wrong().join()).toMatch(/device .* is STOPPED, not ACTIVE/);
  expect(world.wrong().join()).toMatch(/rack .* is FAILED, not ACTIVE/);
});

test('a figure that is not shown, and one that is not true, are seen', async () => {
  await using world = await inStep();
  const { metricDaemon } = world.sandbox;
  const { device } = ours(world.sandbox);
  await world.stop();

  metricDaemon.take(String(world.sandbox.portal.ids.show('device', device.id)), {
    ...([...metricDaemon.shown(device.id).values()][0] as Parameters<typeof metricDaemon.take>[1]),
    name: 'os.instance.cpu_utilization',
    value: 26,
  });

  expect(world.wrong()).toEqual([expect.stringMatching(/cpu_utilization .* was shown as 26, and is 25/)]);
  metricDaemon.restart();
  expect(world.wrong()).toContainEqual(expect.stringMatching(/ram_usage .* is not shown/));
});

const startSmallSandbox = () =>
  startSandbox({ projects: 1, stacks: 1, servers: 1, pace: 0, release: portalRelease() });

test('a change of what was made by hand is seen', async () => {
  await using sandbox = await startSmallSandbox();
  const invariants = new Invariants(sandbox, plantCanaries(sandbox).canaries);
  const byHand = sandbox.portal.devices.all().find(({ name }) => name === 'switch-1');

  sandbox.portal.devices.update(byHand?.id ?? 0, { metadata: {} });

  expect(invariants.harmed()).toEqual([
    expect.stringMatching(/^device switch-1, made by hand, was .* and is /),
  ]);
});

test('a rack and a device whose originals are there must not be deleted; those whose originals are gone may', async () => {
  await using world = await inStep();
  const { portal, cloud } = world.sandbox;
  const { device, rack } = ours(world.sandbox);
  await world.stop();

  portal.devices.remove(device.id);

  expect(world.harmed()).toEqual([expect.stringMatching(/^device .* was deleted, and its server is there/)]);
  cloud.orchestration.deleteStack(String(rack.metadata['openstack_stack_id']));
  cloud.advance();
  for (const { id, rack_id } of portal.devices.all()) if (rack_id === rack.id) portal.devices.remove(id);
  portal.racks.remove(rack.id);
  expect(world.harmed()).toHaveLength(1);
});

test('a device that is made again is replaced when it is of another template, and was deleted when it is the same', async () => {
  await using world = await inStep();
  const { portal } = world.sandbox;
  const { device } = ours(world.sandbox);
  await world.stop();

  portal.devices.remove(device.id);
  const again = portal.devices.insert(device);
  const harmed = world.harmed();
  portal.devices.remove(again.id);
  const another = portal.templates.all().find(({ id }) => id !== device.template_id);
  portal.devices.insert({ ...device, template_id: another?.id ?? 0 });

  expect(harmed).toEqual([expect.stringMatching(/^device .* was deleted, and its server is there/)]);
  expect(world.harmed()).toEqual([]);
});

test.each([
  'canary-cloud-pa55word',
  'canary-portal-pa55word',
  'canary-user-pa55word',
  'the output canary-stack-output admin_password',
  'X-Auth-Token: gAAAAABl',
  'Bearer eyJhbGciOiJIUzI1NiJ9.e30.x',
  '-----BEGIN OPENSSH PRIVATE KEY-----',
])('a secret that was printed is found, and not printed again: %s', async (secret) => {
  await using sandbox = await startSmallSandbox();
  const invariants = new Invariants(sandbox, plantCanaries(sandbox).canaries);

  const found = invariants.harmed([`{"msg":"oops","why":"${secret}"}`]);

  expect(found).toHaveLength(1);
  expect(found[0]).toContain('[CANARY]');
});

test('what a collector of traces was sent is searched as well', async () => {
  await using world = await inStep();

  await world.end();

  const named = ['reconcile full', 'metrics cycle', 'POST /auth/tokens'];
  expect(named.filter((name) => !world.traced.some((body) => body.includes(name)))).toEqual([]);
});
