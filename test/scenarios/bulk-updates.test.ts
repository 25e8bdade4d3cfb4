import { expect, test } from 'vitest';
import { profiles } from '../../src/concertim/profile.ts';
import { changeCount } from '../../src/reconcile/run-report.ts';
import { resourceGroup, server, serverGroup, type Template } from '../../src/sandbox/cloud/template.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { objectsShown, outOfStep } from '../support/in-step.ts';
import { portalRelease } from '../support/portal-release.ts';
import { startScenario } from '../support/scenario.ts';

/** A stack of the first account, complete since yesterday, from these resources. */
function addStack(sandbox: Sandbox, name: string, resources: Template['resources']) {
  const { cloud, population } = sandbox;
  const [account] = population.accounts;
  if (!account) throw new Error('the sandbox has no account');
  const template = { description: '', parameters: {}, resources, outputs: [] };
  return cloud.orchestration.addStack(
    { name, project: account.project, owner: account.user, template },
    cloud.timeline.now() - 86_400_000,
  );
}

const { deviceKinds, dotsInNames } = profiles[portalRelease()];
/** A name as this release accepts it. */
const validName = (name: string) => (dotsInNames ? name : name.replaceAll('.', '-'));

function flavorNamed(sandbox: Sandbox, name: string) {
  const flavor = [...sandbox.cloud.compute.flavors.values()].find((each) => each.name === name);
  if (!flavor) throw new Error(`the sandbox has no flavor ${name}`);
  return flavor;
}

const tiny = (sandbox: Sandbox) => ({ flavor: flavorNamed(sandbox, 'm1.tiny'), addresses: [] });

test('an empty portal shows the cloud after one run, and a second run writes nothing', async () => {
  await using scenario = await startScenario({ projects: 3, stacks: 6, servers: 4 });

  const first = await scenario.run();
  const second = await scenario.run();

  expect(outOfStep(scenario.sandbox)).toEqual([]);
  expect(first.changes).toEqual({
    'create-template': 6,
    'create-rack': 6,
    'create-device': objectsShown(scenario.sandbox).length,
  });
  expect(first.failures).toEqual([]);
  expect(second.changes).toEqual({});
  expect(writes(scenario.sandbox)).toEqual([]);
});

test('a story of many changes is followed, step by step', async () => {
  await using scenario = await startScenario({ projects: 3, stacks: 6, servers: 4 });
  await scenario.run();

  for (let step = 0; step < 40; step++) {
    scenario.sandbox.tick();
    scenario.sandbox.cloud.settle();
    await scenario.clock.sleep(150_000);
    await scenario.run();
    expect(outOfStep(scenario.sandbox), `after step ${step}`).toEqual([]);
  }

  await scenario.clock.sleep(150_000);
  await scenario.run();
  expect(changeCount(await scenario.run())).toBe(0);
});

// v0.2.1 has none.
test.skipIf(deviceKinds === 'bare')(
  'the outputs of a stack are shown, and follow when they change',
  async () => {
    await using scenario = await startScenario();
    await scenario.run();
    const rack = () => scenario.sandbox.portal.racks.all()[0];
    const { orchestration } = scenario.sandbox.cloud;
    const [stack] = [...orchestration.stacks()].filter(({ parent }) => !parent);
    const before = rack()?.creation_output;

    await scenario.clock.sleep(60_000);
    orchestration.setOutput(stack?.id ?? '', 'web_access', 'https://cluster/?a=b, c');
    await scenario.run();

    expect(before).toMatch(
      /^concertim_cluster_type=\S+, gateway_ext_ip=[\d.]+, web_access=https:\/\/[\d.]+$/,
    );
    expect(rack()?.creation_output).toMatch(/, web_access=https:\/\/cluster\/\?a%3Db%2C%20c$/);
  },
);

test('a Heat list that is empty, or fails in the middle of a run, deletes nothing', async () => {
  await using scenario = await startScenario({ projects: 2, stacks: 4 });
  await scenario.run();
  const { faults } = scenario.sandbox;

  const emptied = faults.add({
    service: 'heat',
    path: /\/stacks\?/,
    kind: 'rewrite',
    rewrite: () => ({ stacks: [] }),
  });
  await scenario.tryRun();
  emptied();
  faults.add({ service: 'heat', path: /\/stacks\?/, kind: 'answer', status: 500 });
  await scenario.tryRun();

  expect(scenario.sandbox.portal.racks.all()).toHaveLength(4);
  expect(outOfStep(scenario.sandbox)).toEqual([]);
});

test('a Nova list that lacks half of the servers deletes none of them: each is requested', async () => {
  await using scenario = await startScenario({ projects: 2, stacks: 4 });
  await scenario.run();
  scenario.sandbox.faults.add({
    service: 'nova',
    path: /\/servers\/detail/,
    kind: 'rewrite',
    rewrite: (body) => {
      const { servers, ...rest } = body as { servers: unknown[] };
      return { ...rest, servers: servers.slice(0, 6) };
    },
  });

  const report = await scenario.run();

  expect(report.changes).toEqual({});
  expect(report.held).toEqual([]);
  expect(report.seen.servers).toBe(12);
  expect(outOfStep(scenario.sandbox)).toEqual([]);
});

test('one tree that cannot be read keeps its rack, the others are brought into step, and it is read later', async () => {
  await using scenario = await startScenario({ projects: 2, stacks: 4 });
  const { faults, cloud } = scenario.sandbox;
  const [unlucky] = [...cloud.orchestration.stacks()].filter(({ parent }) => !parent);
  const path = new RegExp(`${unlucky?.id}/resources`);
  const broken = faults.add({ service: 'heat', path, kind: 'answer', status: 500 });

  const report = await scenario.run();
  broken();
  await scenario.run();

  expect(report.failures).toMatchObject([{ object: 'stack', id: unlucky?.id, doing: 'read' }]);
  expect(report.changes['create-rack']).toBe(3);
  expect(outOfStep(scenario.sandbox)).toEqual([]);
});

test('a portal user without a project is skipped', async () => {
  await using scenario = await startScenario();
  scenario.sandbox.portal.addUser({ login: 'newcomer' });
  scenario.sandbox.portal.addUser({ login: 'blank', project_id: '' });

  const report = await scenario.run();

  expect(report.failures).toEqual([]);
  expect(outOfStep(scenario.sandbox)).toEqual([]);
});

test('of two owners with one project one has the racks, and keeps them', async () => {
  await using scenario = await startScenario();
  const { portal } = scenario.sandbox;
  const [, user] = portal.users.all();
  const second = portal.addUser({ login: 'second', project_id: user?.project_id ?? null });

  await scenario.run();
  const [owner] = portal.racks.all().map(({ user_id }) => user_id);
  const again = await scenario.run();

  expect([user?.id, second.id]).toContain(owner);
  expect(again.changes).toEqual({});
  expect(portal.racks.all().map(({ user_id }) => user_id)).toEqual([owner]);
});

test('a stack of 100 servers fills a rack of 72 units and spills into a second', async () => {
  await using scenario = await startScenario({ stacks: 0 });
  const { sandbox } = scenario;
  const member = (at: number) => server({ name: `node${at}`, ...tiny(sandbox) });
  addStack(sandbox, 'large', { nodes: resourceGroup(100, member) });

  const report = await scenario.run();
  const again = await scenario.run();

  const racks = sandbox.portal.racks.all();
  expect(racks.map(({ name, u_height }) => [name, u_height])).toEqual([
    ['large', 72],
    ['large-2', 42],
  ]);
  expect(report.failures).toEqual([]);
  expect(again.changes).toEqual({});
  expect(outOfStep(sandbox)).toEqual([]);
});

test('a rack that is there grows before it spills', async () => {
  await using scenario = await startScenario({ stacks: 0 });
  const { sandbox } = scenario;
  const member = (at: number) => server({ name: `node${at}`, ...tiny(sandbox) });
  const stack = addStack(sandbox, 'growing', { nodes: resourceGroup(40, member) });
  await scenario.run();

  sandbox.cloud.orchestration.resizeGroup(stack.id, 'nodes', 60);
  sandbox.cloud.settle();
  await scenario.clock.sleep(60_000);
  await scenario.run();

  expect(sandbox.portal.racks.all().map(({ name, u_height }) => [name, u_height])).toEqual([['growing', 60]]);
  expect(outOfStep(sandbox)).toEqual([]);
});

test('names that the portal refuses are made valid, and two that become one are reported apart', async () => {
  await using scenario = await startScenario({ stacks: 0 });
  const { sandbox } = scenario;
  addStack(sandbox, 'my.stack', {
    spaced: server({ name: 'node 1', ...tiny(sandbox) }),
    lined: server({ name: 'node_1', ...tiny(sandbox) }),
  });

  await scenario.run();
  const names = sandbox.portal.devices.all().map(({ name }) => name);
  await scenario.run();

  expect(sandbox.portal.racks.all().map(({ name }) => name)).toEqual(['my-stack']);
  expect(names.toSorted()).toEqual(['node-1', expect.stringMatching(/^node-1-[0-9a-f]{5}$/)]);
  expect(sandbox.portal.devices.all().map(({ name }) => name)).toEqual(names);
});

test('a flavor without a disk and a private one become templates', async () => {
  await using scenario = await startScenario({ stacks: 0 });
  const { sandbox } = scenario;
  addStack(sandbox, 'odd', {
    diskless: server({ name: 'diskless', ...tiny(sandbox), flavor: flavorNamed(sandbox, 'c1.16core') }),
    private: server({ name: 'private', ...tiny(sandbox), flavor: flavorNamed(sandbox, 'g1.a100') }),
  });

  await scenario.run();

  expect(outOfStep(sandbox)).toEqual([]);
  expect(sandbox.portal.templates.all().find(({ name }) => name === 'c1.16core')?.disk).toBeNull();
});

test('a server that is still being built is shown without an address, and with it when it is up', async () => {
  await using scenario = await startScenario({ pace: 1 });
  const { sandbox } = scenario;
  await scenario.run();
  const [account] = sandbox.population.accounts;
  if (account) sandbox.population.addCluster(account, { servers: 2 });

  for (let waits = 0; waits < 100 && !isBuilding(sandbox); waits++) {
    await scenario.clock.sleep(100);
    sandbox.advance();
  }
  await scenario.run();
  const building = sandbox.portal.devices.all().filter(({ status }) => status === 'IN_PROGRESS');
  sandbox.cloud.settle();
  await scenario.clock.sleep(60_000);
  await scenario.run();

  expect(building.length).toBeGreaterThan(0);
  expect(building.every(({ private_ips }) => !private_ips)).toBe(true);
  expect(outOfStep(sandbox)).toEqual([]);
});

test('a server that is resized, renamed and re-addressed is shown as it is now, where it was', async () => {
  await using scenario = await startScenario();
  const { sandbox } = scenario;
  const { compute } = sandbox.cloud;
  await scenario.run();
  const [device] = sandbox.portal.devices.all();
  const id = String(device?.metadata['openstack_instance_id']);

  compute.resizeServer(id, flavorNamed(sandbox, 'm1.large'));
  sandbox.cloud.settle();
  compute.renameServer(id, 'another.name');
  compute.setServerAddresses(id, [
    { network: 'n', address: '10.9.9.9', version: 4, type: 'fixed', mac: 'fa:16:3e:00:00:01' },
    { network: 'n', address: 'fd00::9', version: 6, type: 'fixed', mac: 'fa:16:3e:00:00:01' },
  ]);
  await scenario.run();

  const now = sandbox.portal.devices.all().find(({ metadata }) => metadata['openstack_instance_id'] === id);
  expect(outOfStep(sandbox)).toEqual([]);
  expect(now).toMatchObject({
    name: validName('another.name'),
    private_ips: 'n:10.9.9.9, n:fd00::9',
    public_ips: '',
  });
  expect(now?.rack_id).toBe(device?.rack_id);
});

test('a fixed address on an external network is public', async () => {
  await using scenario = await startScenario({ stacks: 0 });
  const { sandbox } = scenario;
  const addresses = [
    {
      network: 'public',
      address: '203.0.113.5',
      version: 4,
      type: 'fixed',
      mac: 'fa:16:3e:00:00:02',
    } as const,
  ];
  addStack(sandbox, 'exposed', { gw: server({ name: 'gw', ...tiny(sandbox), addresses }) });

  await scenario.run();

  expect(sandbox.portal.devices.all()[0]).toMatchObject({
    public_ips: 'public:203.0.113.5',
    private_ips: '',
  });
});

test('a rack and a device made by hand are not touched, and what is made beside them respects their place', async () => {
  await using scenario = await startScenario();
  const { portal, cloud } = scenario.sandbox;
  await scenario.run();
  const [ours] = portal.racks.all();
  const [, user] = portal.users.all();
  const template = portal.templates.all().find(({ rackable }) => rackable);
  const made = portal.addRack({ user_id: user?.id ?? 0, name: 'by-hand' });
  const loose = portal.addDevice({ rack_id: made.id, name: 'x', start_u: 1, template_id: template?.id ?? 0 });
  const between = portal.addDevice({
    rack_id: ours?.id ?? 0,
    name: 'node-by-hand',
    start_u: 30,
    template_id: template?.id ?? 0,
  });

  for (const { id } of cloud.compute.servers()) cloud.compute.deleteServer(id);
  cloud.settle();
  await scenario.run();
  await scenario.run();

  expect(portal.racks.get(made.id)).toEqual(made);
  expect(portal.devices.get(loose.id)).toEqual(loose);
  expect(portal.devices.get(between.id)).toEqual(between);
});

test('a rack whose stack was deleted, and which keeps a device made by hand, is STOPPED, and goes with that device', async () => {
  await using scenario = await startScenario({ stacks: 2 });
  const { portal, cloud } = scenario.sandbox;
  await scenario.run();
  const [kept, other] = portal.racks.all();
  const template = portal.templates.all().find(({ rackable }) => rackable);
  const byHand = portal.addDevice({
    rack_id: kept?.id ?? 0,
    name: 'switch',
    start_u: 30,
    template_id: template?.id ?? 0,
  });
  cloud.orchestration.deleteStack(String(kept?.metadata['openstack_stack_id']));
  cloud.settle();

  const { held, made } = await scenario.run();
  const again = await scenario.run();

  expect(held.map(({ name, reasonCode }) => ({ name, reasonCode }))).toEqual([
    { name: kept?.name, reasonCode: 'device-kept' },
  ]);
  expect(made.filter(({ object }) => object === 'rack')).toMatchObject([
    { change: 'update-rack', fields: ['status'], why: expect.stringContaining('device switch stays in it') },
  ]);
  expect(portal.racks.get(kept?.id ?? 0)?.status).toBe('STOPPED');
  expect(portal.racks.get(other?.id ?? 0)?.status).toBe('ACTIVE');
  expect(portal.devices.get(byHand.id)).toEqual(byHand);
  expect(again.changes).toEqual({});

  portal.devices.remove(byHand.id);
  await scenario.run();
  expect(portal.racks.get(kept?.id ?? 0)).toBeUndefined();
});

test('servers of nested ResourceGroups and members of server groups are devices of the root stack', async () => {
  await using scenario = await startScenario({ stacks: 0 });
  const { sandbox } = scenario;
  const { compute } = sandbox.cloud;
  const stack = addStack(sandbox, 'grouped', {
    group: serverGroup('g', 'anti-affinity'),
    gw: server({ name: 'gw', ...tiny(sandbox), group: 'group' }),
    nodes: resourceGroup(3, (at) => server({ name: `node${at}`, ...tiny(sandbox) })),
  });
  await scenario.run();
  const [group] = compute.groups.values();

  compute.addActiveServer(
    {
      name: 'by-hand',
      projectId: stack.projectId,
      userId: stack.ownerId,
      ...tiny(sandbox),
      groupIds: [group?.id ?? ''],
    },
    sandbox.cloud.timeline.now(),
  );
  await scenario.run();

  expect(sandbox.portal.racks.all()).toHaveLength(1);
  expect(
    sandbox.portal.devices
      .all()
      .map(({ name }) => name)
      .toSorted(),
  ).toEqual(['by-hand', 'gw', 'node0', 'node1', 'node2']);
});

test('a token of the portal that ends in mid-run is renewed, and the run goes on', async () => {
  await using scenario = await startScenario();
  scenario.sandbox.faults.add({
    service: 'concertim',
    path: /\/nodes/,
    method: 'POST',
    skip: 1,
    times: 1,
    kind: 'delay',
    ms: 25 * 3_600_000,
  });

  const report = await scenario.run();

  expect(report.failures).toEqual([]);
  expect(outOfStep(scenario.sandbox)).toEqual([]);
});

test('a token of the cloud that is revoked in mid-run is renewed, once for all who wait', async () => {
  await using scenario = await startScenario({ projects: 5, stacks: 20 });
  await scenario.run();

  scenario.sandbox.cloud.identity.revokeAllTokens();
  const report = await scenario.run();

  expect(report.requests['Keystone']).toBe(1);
  expect(report.changes).toEqual({});
});

test('a create whose answer was lost is found, not repeated', async () => {
  await using scenario = await startScenario();
  const { faults } = scenario.sandbox;
  for (const path of [/\/templates/, /\/racks/, /\/nodes/]) {
    faults.add({ service: 'concertim', method: 'POST', path, times: 1, kind: 'reset-after' });
    faults.add({ service: 'concertim', method: 'POST', path, skip: 1, times: 1, kind: 'truncate' });
  }

  const report = await scenario.run();

  expect(report.failures).toEqual([]);
  expect(outOfStep(scenario.sandbox)).toEqual([]);
  expect(scenario.sandbox.portal.racks.all()).toHaveLength(1);
});

test('a create that was refused is tried again by the next run; the rest is not held up', async () => {
  await using scenario = await startScenario();
  const { faults } = scenario.sandbox;
  faults.add({
    service: 'concertim',
    method: 'POST',
    path: /\/nodes/,
    times: 1,
    kind: 'answer',
    status: 500,
  });

  const report = await scenario.run();
  const next = await scenario.run();

  expect(report.failures).toMatchObject([{ object: 'device', doing: 'create-device' }]);
  expect(report.changes['create-device']).toBe(objectsShown(scenario.sandbox).length - 1);
  expect(next.changes).toEqual({ 'create-device': 1 });
  expect(next.requests['Heat']).toBe(1);
});

test('a portal that stops responding in mid-run does not get all that is left, and soon has it', async () => {
  await using scenario = await startScenario({ projects: 10, stacks: 100, servers: 4 });
  const { faults } = scenario.sandbox;
  faults.add({ service: 'concertim', method: 'POST', path: /\/racks/, skip: 20, kind: 'reset-before' });
  faults.add({ service: 'concertim', method: 'POST', path: /\/nodes/, kind: 'reset-before' });
  // The first list is the run's own; by the others it looks for what may have been made.
  faults.add({ service: 'concertim', method: 'GET', path: /\/racks/, skip: 1, kind: 'reset-before' });

  const report = await scenario.run();
  faults.clear();
  const next = await scenario.run();

  expect(report.failures.length).toBeLessThan(60);
  expect(report.untried).toBeGreaterThan(300);
  expect(next.failures).toEqual([]);
  expect(outOfStep(scenario.sandbox)).toEqual([]);
});

test('a portal whose database fails answers everything with 500, and does not get all that is left', async () => {
  await using scenario = await startScenario({ projects: 10, stacks: 100, servers: 4 });
  const { faults } = scenario.sandbox;
  const ill = { service: 'concertim', kind: 'answer', status: 500 } as const;
  faults.add({ ...ill, method: 'POST', path: /\/racks/, skip: 20 });
  faults.add({ ...ill, method: 'POST', path: /\/nodes/ });
  // Skips the lists with which the run begins.
  faults.add({ ...ill, method: 'GET', path: /\/(racks|templates)/, skip: 2 });

  const report = await scenario.run();
  faults.clear();
  const next = await scenario.run();

  expect(report.failures.length).toBeLessThan(60);
  expect(report.untried).toBeGreaterThan(300);
  expect(next.failures).toEqual([]);
  expect(outOfStep(scenario.sandbox)).toEqual([]);
});

test('many objects that the portal answers with 500 are each their own trouble: the rest is done', async () => {
  await using scenario = await startScenario({ projects: 4, stacks: 40, servers: 2 });
  const { faults } = scenario.sandbox;
  faults.add({ service: 'concertim', method: 'POST', path: /\/nodes/, kind: 'answer', status: 500 });

  const report = await scenario.run();
  faults.clear();
  await scenario.run();

  expect(report.untried).toBe(0);
  expect(report.failures).toHaveLength(objectsShown(scenario.sandbox).length);
  expect(outOfStep(scenario.sandbox)).toEqual([]);
});

test('a Heat that stops responding in mid-run is not queried for all trees, and none is taken for empty', async () => {
  await using scenario = await startScenario({ projects: 10, stacks: 200, servers: 1 });
  const { faults } = scenario.sandbox;
  faults.add({ service: 'heat', path: /\/stacks\/[^?]/, skip: 10, kind: 'reset-before' });

  const report = await scenario.tryRun();
  const asked = scenario.sandbox.services.heat.seen.length;
  faults.clear();
  const next = await scenario.run();

  expect(report).toBeUndefined();
  expect(asked).toBeLessThan(250);
  expect(next.failures).toEqual([]);
  expect(outOfStep(scenario.sandbox)).toEqual([]);
});

test('a state that we do not know keeps the shown one, and is said once', async () => {
  await using scenario = await startScenario();
  const { sandbox } = scenario;
  await scenario.run();
  const [device] = sandbox.portal.devices.all();
  const id = String(device?.metadata['openstack_instance_id']);

  sandbox.cloud.compute.setServerState(id, { vmState: 'hibernated' });
  const report = await scenario.run();
  await scenario.run();

  expect(sandbox.portal.devices.get(device?.id ?? 0)?.status).toBe('ACTIVE');
  expect(report.unknownStates).toEqual([{ id, state: 'hibernated' }]);
  expect(scenario.logged.filter((line) => line.includes('unknown OpenStack state'))).toHaveLength(1);
});

test('a great absence without a trace deletes nothing until a person allows it', async () => {
  await using scenario = await startScenario({ projects: 4, stacks: 8 });
  const { sandbox } = scenario;
  await scenario.run();
  const isGone = (body: unknown) =>
    Array.isArray(body) ? [] : { ...(body as object), stacks: [], servers: [] };
  // As if another cloud stood at this address: it lists nothing, and knows none of our ids.
  sandbox.faults.add({ service: 'heat', path: /\/stacks\?/, kind: 'rewrite', rewrite: isGone });
  sandbox.faults.add({ service: 'nova', path: /servers\/detail/, kind: 'rewrite', rewrite: isGone });
  const notFound = { kind: 'answer', status: 404, headers: { 'content-type': 'application/json' } } as const;
  sandbox.faults.add({
    service: 'heat',
    path: /\/stacks\/[^?]/,
    ...notFound,
    body: '{"code":404,"title":"Not Found","explanation":"","error":{"type":"EntityNotFound","message":"no"}}',
  });
  sandbox.faults.add({
    service: 'nova',
    path: /\/servers\/[0-9a-f]{8}-/,
    ...notFound,
    body: '{"itemNotFound":{"code":404,"message":"no"}}',
  });

  const report = await scenario.run();

  expect(report.changes).toEqual({});
  expect(report.warnings).toEqual([
    expect.stringMatching(/24 of 24 devices(?:,| and) 8 of 8 racks are missing from OpenStack/),
  ]);
  expect(scenario.logged.some((line) => line.includes('"level":"error"'))).toBe(true);
});

test('all stacks of the cloud may go when Heat says itself that it deleted them', async () => {
  await using scenario = await startScenario({ projects: 4, stacks: 8 });
  const { cloud, portal } = scenario.sandbox;
  await scenario.run();

  const stacks = [...cloud.orchestration.stacks()];
  for (const { id, parent } of stacks) if (!parent) cloud.orchestration.deleteStack(id);
  cloud.settle();
  const report = await scenario.run();

  expect(report.warnings).toEqual([]);
  expect(portal.racks.all()).toEqual([]);
  expect(portal.devices.all()).toEqual([]);
});

test('a server that is deleted and can be had back, which Nova leaves out of its list, is shown as stopped', async () => {
  await using scenario = await startScenario();
  const { cloud, portal } = scenario.sandbox;
  await scenario.run();
  const [server] = [...cloud.compute.servers()];

  cloud.compute.setServerState(server?.id ?? '', { vmState: 'soft-delete' });
  const report = await scenario.run();

  const device = portal.devices
    .all()
    .find(({ metadata }) => metadata['openstack_instance_id'] === server?.id);
  expect(device?.status).toBe('STOPPED');
  expect(report.held).toEqual([]);
});

test('a stack that Heat has deleted goes with servers that can be had back for a while yet', async () => {
  await using scenario = await startScenario();
  const { cloud, portal, faults } = scenario.sandbox;
  await scenario.run();
  for (const { id } of cloud.compute.servers()) cloud.compute.setServerState(id, { vmState: 'soft-delete' });
  faults.add({
    service: 'heat',
    path: /\/stacks/,
    kind: 'rewrite',
    rewrite: (body) => {
      if ('stacks' in (body as object)) return { stacks: [] };
      const { stack } = body as { stack: object };
      return { stack: { ...stack, stack_status: 'DELETE_COMPLETE' } };
    },
  });

  const report = await scenario.run();

  expect(report.held).toEqual([]);
  expect([portal.racks.all(), portal.devices.all()]).toEqual([[], []]);
});

test('no password, token or stack output is logged', async () => {
  await using scenario = await startScenario({ config: { log_level: 'debug' } });
  const { cloud } = scenario.sandbox;
  const [stack] = [...cloud.orchestration.stacks()].filter(({ parent }) => !parent);
  cloud.orchestration.setOutput(stack?.id ?? '', 'web_access', 'canary-of-an-output');

  await scenario.run();
  scenario.sandbox.faults.add({
    service: 'concertim',
    kind: 'answer',
    status: 500,
    body: 'canary-of-a-body',
  });
  await scenario.tryRun();

  const logged = scenario.logged.join('');
  expect(logged).toContain('reconciled');
  for (const secret of ['canary-of-an-output', '"secret"', 'Bearer ey', 'gAAAA'])
    expect(logged).not.toContain(secret);
});

function isBuilding({ cloud }: Sandbox): boolean {
  return [...cloud.compute.servers()].some(({ vmState }) => vmState === 'building');
}

/** Requests since the last run began that change the portal. */
function writes({ services }: Sandbox): string[] {
  return services.concertim.seen
    .filter(({ method }) => method !== 'GET')
    .map(({ method, url }) => `${method} ${url}`);
}

test('a portal that lists everything twice has nothing surplus', async () => {
  await using scenario = await startScenario();
  await scenario.run();
  scenario.sandbox.faults.add({
    service: 'concertim',
    method: 'GET',
    kind: 'rewrite',
    rewrite: (body) => (Array.isArray(body) ? [...body, ...body] : body),
  });

  const { changes } = await scenario.run();

  expect(changes).toEqual({});
  expect(outOfStep(scenario.sandbox)).toEqual([]);
});

test('a tree that was read while Heat left out half of it is read again for the servers that nobody has', async () => {
  await using scenario = await startScenario();
  const restore = scenario.sandbox.faults.add({
    service: 'heat',
    path: /\/resources/,
    kind: 'rewrite',
    rewrite: (body) => ({ resources: (body as { resources: unknown[] }).resources.slice(0, 1) }),
  });
  await scenario.clock.sleep(60_000);
  await scenario.run();
  restore();
  const before = outOfStep(scenario.sandbox);
  const { length: shown } = scenario.sandbox.portal.devices.all();

  await scenario.clock.sleep(150_000);
  await scenario.run();
  await scenario.clock.sleep(150_000);
  const later = await scenario.run();

  expect(shown).toBe(1);
  expect(before).toHaveLength(objectsShown(scenario.sandbox).length - shown);
  expect(outOfStep(scenario.sandbox)).toEqual([]);
  expect(later.requests['Heat']).toBe(1);
});

test('servers without a stack have the trees of their project read again ever more seldom', async () => {
  await using scenario = await startScenario();
  const { cloud, population, services } = scenario.sandbox;
  const [account] = population.accounts;
  if (!account) throw new Error('the sandbox has no account');
  await scenario.run();
  cloud.compute.createServer({
    name: 'alone',
    flavor: flavorNamed(scenario.sandbox, 'm1.tiny'),
    projectId: account.project.id,
    userId: account.user.id,
    addresses: [],
  });

  const reads: number[] = [];
  for (let run = 0; run < 48; run++) {
    await scenario.clock.sleep(150_000);
    await scenario.run();
    reads.push(services.heat.seen.filter(({ url }) => url.includes('/resources')).length);
  }

  expect(reads.reduce((sum, read) => sum + read)).toBeLessThanOrEqual(7);
});

test('a rack that was made for a nested stack, of which Heat had said that it was none, goes once Heat says so', async () => {
  await using scenario = await startScenario({ servers: 3 });
  const { sandbox } = scenario;
  const lie = sandbox.faults.add({
    service: 'heat',
    path: /\/stacks\?/,
    kind: 'rewrite',
    rewrite: (body) => {
      const { stacks } = body as { stacks: object[] };
      return { stacks: stacks.map((stack) => ({ ...stack, parent: null })) };
    },
  });
  await scenario.run();
  const during = sandbox.portal.racks.all().length;
  lie();

  // Trees that changed within the last seconds, or whose racks were made in a run, are read again by the next.
  await scenario.run();
  await scenario.run();

  expect(during).toBeGreaterThan(1);
  expect(outOfStep(sandbox)).toEqual([]);
});
