import { expect, test } from 'vitest';
import { profiles } from '../../src/concertim/profile.ts';
import { type Notification, openEnvelope } from '../../src/notifications/envelope.ts';
import { meaningOf } from '../../src/notifications/meaning.ts';
import { createLogger } from '../../src/observability/logger.ts';
import { Tracing } from '../../src/observability/tracing.ts';
import type { ProjectId, Reference, ServerId, StackId } from '../../src/openstack/model.ts';
import { ReconcileLoop } from '../../src/reconcile/reconcile-loop.ts';
import type { Reconciler } from '../../src/reconcile/reconciler.ts';
import type { RunReport } from '../../src/reconcile/run-report.ts';
import type { Server } from '../../src/sandbox/cloud/compute.ts';
import { announce } from '../../src/sandbox/notifications.ts';
import type { Account } from '../../src/sandbox/population.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { outOfStep } from '../support/in-step.ts';
import { HastyClock } from '../support/manual-clock.ts';
import { portalRelease } from '../support/portal-release.ts';
import { type ReconcilerByHand, startReconcilerByHand } from '../support/reconciler-by-hand.ts';
import { about, deviceOf } from '../support/shown-objects.ts';

/** A sandbox that is in step, and a reconciler on it that listens. */
async function start(): Promise<ReconcilerByHand> {
  const clock = new HastyClock();
  const started = await startReconcilerByHand(
    { stacks: 2, servers: 3, clock },
    { deletions: { maxDeletions: 5, maxShare: 0.3, allowAll: false } },
  );
  const { reconciler } = started;
  reconciler.setListening(true);
  await reconciler.reconcileAll();
  await clock.sleep(60_000);
  await reconciler.reconcileAll();
  return started;
}

/** What two full runs report: the first finds it, the second has given notifications the time to come after all. */
async function driftAfter(reconciler: Reconciler): Promise<string[]> {
  await reconciler.reconcileAll();
  const { drift } = await reconciler.reconcileAll();
  return drift.map(({ object, name }) => `${object} ${name}`);
}

function firstServer({ cloud }: Sandbox): Server {
  const [server] = [...cloud.compute.servers()];
  if (!server) throw new Error('the sandbox is empty');
  return server;
}

test('a change of the cloud that nothing announced is drift', async () => {
  await using started = await start();
  const { sandbox, reconciler } = started;
  const server = firstServer(sandbox);

  sandbox.cloud.compute.act(server.id, 'stop');

  expect(await driftAfter(reconciler)).toEqual([`device ${deviceOf(sandbox, server)?.name}`]);
  expect(outOfStep(sandbox)).toEqual([]);
});

test('a change that was announced before, or soon after, is none', async () => {
  await using started = await start();
  const { sandbox, reconciler } = started;
  const server = firstServer(sandbox);

  sandbox.cloud.compute.act(server.id, 'stop');
  reconciler.announce([about('server', server)]);
  const before = await driftAfter(reconciler);
  sandbox.cloud.compute.act(server.id, 'start');
  await reconciler.reconcileAll();
  reconciler.announce([about('server', server)]);
  const { drift: after } = await reconciler.reconcileAll();

  expect([before, after]).toEqual([[], []]);
});

test('a nested stack that was announced announces what changes in its tree', async () => {
  await using started = await start();
  const { sandbox, reconciler } = started;
  const [nested] = [...sandbox.cloud.orchestration.stacks()].filter(({ parent }) => parent);
  const [root] = [...sandbox.cloud.orchestration.stacks()].filter(({ id }) => id === nested?.parent?.id);
  if (!nested || !root) throw new Error('the sandbox has no nested stack');

  sandbox.cloud.orchestration.suspendStack(root.id);
  reconciler.announce([
    { kind: 'stack', id: nested.id as StackId, projectId: nested.projectId as ProjectId, deleted: false },
  ]);

  expect(await driftAfter(reconciler)).toEqual([]);
});

test('what people change in the portal is none', async () => {
  await using started = await start();
  const { sandbox, reconciler } = started;
  const [device] = sandbox.portal.devices.all();
  const [rack] = sandbox.portal.racks.all();
  if (!device || !rack) throw new Error('the portal is empty');

  Object.assign(device, { status: 'FAILED' });
  Object.assign(rack, { name: 'renamed-by-hand' });

  expect(await driftAfter(reconciler)).toEqual([]);
});

test('without somebody who listened all the time there is none', async () => {
  await using started = await start();
  const { sandbox, reconciler } = started;

  reconciler.setListening(false);
  reconciler.setListening(true);
  sandbox.cloud.compute.act(firstServer(sandbox).id, 'stop');

  expect(await driftAfter(reconciler)).toEqual([]);
});

test('a targeted run of a nested stack brings its root into step, and leaves other projects alone', async () => {
  await using started = await start();
  const { sandbox, reconciler } = started;
  const [nested] = [...sandbox.cloud.orchestration.stacks()].filter(({ parent }) => parent);
  if (!nested?.parent) throw new Error('the sandbox has no nested stack');
  sandbox.cloud.orchestration.suspendStack(nested.parent.id);
  sandbox.services.nova.forget();

  const report = await reconciler.reconcile([
    { kind: 'stack', id: nested.id as StackId, projectId: nested.projectId as ProjectId, deleted: false },
    { kind: 'server', id: 'of-a-stranger' as ServerId, projectId: 'strange' as ProjectId, deleted: false },
  ]);

  expect(report.failures).toEqual([]);
  expect(outOfStep(sandbox)).toEqual([]);
  expect(sandbox.services.nova.seen.filter(({ url }) => url.includes('of-a-stranger'))).toEqual([]);
});

test("a portal user's first stack shows when owners may be read again, not with the next full run", async () => {
  const clock = new HastyClock();
  await using started = await startReconcilerByHand(
    { stacks: 2, servers: 1, clock },
    { deletions: { maxDeletions: 5, maxShare: 0.3, allowAll: false } },
  );
  const { sandbox, reconciler, random } = started;
  const [stack] = [...sandbox.cloud.orchestration.stacks()].filter(({ parent }) => !parent);
  const user = sandbox.portal.users.all().find(({ project_id }) => project_id === stack?.projectId);
  if (!stack || !user) throw new Error('the sandbox has no stack of a portal user');
  sandbox.portal.users.update(user.id, { project_id: null });
  const reports: RunReport[] = [];
  const stop = new AbortController();
  const loop = new ReconcileLoop({
    reconciler,
    intervalMs: 3_600_000,
    clock,
    random,
    log: createLogger({ level: 'critical', format: 'json' }),
    tracing: new Tracing(),
    onReport: (report) => {
      reports.push(report);
      if (reports.length === 3) stop.abort();
    },
  });

  await loop.runFull(stop.signal);
  const before = sandbox.portal.racks.all().length;
  sandbox.portal.users.update(user.id, { project_id: stack.projectId });
  loop.request([
    { kind: 'stack', id: stack.id as StackId, projectId: stack.projectId as ProjectId, deleted: false },
  ]);
  await loop.run(stop.signal);

  expect(reports.map(({ scope, changes }) => [scope, changes['create-rack']])).toEqual([
    ['full', before],
    ['targeted', undefined],
    ['targeted', 1],
  ]);
  expect(outOfStep(sandbox)).toEqual([]);
});

// A bare device says nothing of addresses.
test.skipIf(profiles[portalRelease()].deviceKinds === 'bare')(
  'a floating IP that Nova shows later than Neutron announces it shows seconds after, given and taken away',
  async () => {
    const clock = new HastyClock();
    await using started = await startReconcilerByHand(
      { stacks: 2, servers: 3, clock },
      { deletions: { maxDeletions: 5, maxShare: 0.3, allowAll: false } },
    );
    const { sandbox, reconciler } = started;
    const { cloud } = sandbox;
    await reconciler.reconcileAll();
    const [server] = [...cloud.compute.servers()].filter(({ addresses }) =>
      addresses.every(({ type }) => type === 'fixed'),
    );
    if (!server) throw new Error('the sandbox has no server of fixed addresses alone');
    const heard: Notification[] = [];
    announce(cloud, ({ body }) => heard.push(openEnvelope(Buffer.from(body))));
    const shown = () => deviceOf(sandbox, server)?.public_ips;
    /** The announcement comes first, Nova knows of it afterwards. */
    const announcedFirst = async (isGiven: boolean) => {
      const before = [...server.addresses];
      cloud.setFloatingIp(server.id, isGiven);
      const after = [...server.addresses];
      const meaning = meaningOf(must(heard.pop()));
      if (meaning.kind === 'not-ours') throw new Error('it means nothing');
      cloud.compute.refreshServerAddresses(server.id, before);
      await reconciler.reconcile(meaning.references);
      cloud.compute.refreshServerAddresses(server.id, after);
      const ms = reconciler.untilPostponedMs;
      await clock.sleep(ms);
      await reconciler.reconcile([]);
      return ms;
    };

    expect(await announcedFirst(true)).toBe(6_000);
    expect(shown()).toMatch(/:198\.1[89]\./);
    expect(await announcedFirst(false)).toBe(6_000);
    expect(shown()).toBe('');
    expect(reconciler.untilPostponedMs).toBe(Number.POSITIVE_INFINITY);
    expect(outOfStep(sandbox)).toEqual([]);
  },
);

// A bare device says nothing of addresses.
test.skipIf(profiles[portalRelease()].deviceKinds === 'bare')(
  'an internal network that has taken the name of an external one since the last full run is private',
  async () => {
    await using started = await start();
    const { sandbox, reconciler } = started;
    const { compute, networking } = sandbox.cloud;
    const server = firstServer(sandbox);
    const [external] = [...networking.networks.values()].filter(({ isExternal }) => isExternal);
    const neutron = ({ requests }: RunReport) => requests['Neutron'] ?? 0;
    const shown = () =>
      sandbox.portal.devices.all().find(({ name }) => name === deviceOf(sandbox, server)?.name);
    const before = await reconciler.reconcile([about('server', server)]);
    networking.addNetwork({ name: must(external).name, projectId: server.projectId, createdAt: 0 });
    const address = { network: must(external).name, address: '10.0.0.1', version: 4, type: 'fixed' } as const;
    compute.refreshServerAddresses(server.id, [{ ...address, mac: 'fa:16:3e:00:00:02' }]);

    const after = await reconciler.reconcile([about('server', server)]);

    expect(shown()).toMatchObject({ public_ips: '', private_ips: 'public:10.0.0.1' });
    expect(neutron(before)).toBe(0);
    // The external ones, those that have their names, and the ports of the one whose name is shared.
    expect(neutron(after)).toBe(3);
  },
);

// A bare device says nothing of addresses.
test.skipIf(profiles[portalRelease()].deviceKinds === 'bare')(
  'an external network that is renamed makes addresses public at once; any other network only costs a request',
  async () => {
    await using started = await start();
    const { sandbox, reconciler } = started;
    const { compute, networking } = sandbox.cloud;
    const server = firstServer(sandbox);
    const address = { network: 'uplink', address: '10.0.0.1', version: 4, type: 'fixed' } as const;
    compute.refreshServerAddresses(server.id, [{ ...address, mac: 'fa:16:3e:00:00:02' }]);
    await reconciler.reconcileAll();
    const heard: Notification[] = [];
    announce(sandbox.cloud, ({ body }) => heard.push(openEnvelope(Buffer.from(body))));
    const reconcileHeard = () =>
      reconciler.reconcile(
        heard.splice(0).flatMap((each) => {
          const meaning = meaningOf(each);
          return meaning.kind === 'references' ? meaning.references : [];
        }),
      );
    const shown = () =>
      sandbox.portal.devices.all().find(({ name }) => name === deviceOf(sandbox, server)?.name);
    const before = shown();
    const [external] = [...networking.networks.values()].filter(({ isExternal }) => isExternal);

    networking.createNetwork({ name: 'lan', projectId: server.projectId });
    const other = await reconcileHeard();
    networking.changeNetwork(must(external).id, { name: 'uplink' });
    const renamed = await reconcileHeard();

    expect(before).toMatchObject({ public_ips: '', private_ips: 'uplink:10.0.0.1' });
    expect([other.scope, other.changes]).toEqual(['targeted', {}]);
    expect(renamed.scope).toBe('full');
    expect(shown()).toMatchObject({ public_ips: 'uplink:10.0.0.1', private_ips: '' });
    expect(outOfStep(sandbox)).toEqual([]);
  },
);

// A bare device says nothing of addresses.
test.skipIf(profiles[portalRelease()].deviceKinds === 'bare')(
  'a floating IP that moves from one server to another in one notification shows at both',
  async () => {
    await using started = await start();
    const { sandbox, reconciler } = started;
    const { cloud } = sandbox;
    const [from, to] = [...cloud.compute.servers()].filter(({ addresses }) =>
      addresses.every(({ type }) => type === 'fixed'),
    );
    cloud.setFloatingIp(must(from).id, true);
    await reconciler.reconcileAll();
    const heard: Notification[] = [];
    announce(cloud, ({ body }) => heard.push(openEnvelope(Buffer.from(body))));
    const publicIps = () =>
      [from, to].map(
        (server) =>
          sandbox.portal.devices.all().find(({ name }) => name === deviceOf(sandbox, must(server))?.name)
            ?.public_ips,
      );
    const [ip] = publicIps();

    cloud.moveFloatingIp(must(from).id, must(to).id);
    const meaning = meaningOf(must(heard[0]));
    if (meaning.kind === 'not-ours') throw new Error('it means nothing');
    await reconciler.reconcile(meaning.references);

    expect(heard).toHaveLength(1);
    expect(ip).toMatch(/:198\.1[89]\./);
    expect(publicIps()).toEqual(['', expect.stringContaining(must(ip?.split(':')[1]))]);
    expect(outOfStep(sandbox)).toEqual([]);
  },
);

test('a device that a proxy says it does not know is there nevertheless', async () => {
  await using started = await start();
  const { sandbox, reconciler } = started;
  const server = firstServer(sandbox);
  sandbox.cloud.compute.act(server.id, 'stop');
  sandbox.faults.add({
    service: 'concertim',
    method: 'PATCH',
    path: /devices/,
    kind: 'answer',
    status: 404,
    body: '<html><h1>404 Not Found</h1></html>',
    times: 1,
  });

  const refused = await reconciler.reconcile([about('server', server)]);
  const after = await reconciler.reconcile([about('server', server)]);

  expect(refused.failures).toMatchObject([{ doing: 'update-device' }]);
  expect([after.changes, after.failures]).toEqual([{ 'update-device': 1 }, []]);
});

test('a server that Nova fails to show is reported, and the others are brought into step', async () => {
  await using started = await start();
  const { sandbox, reconciler } = started;
  const [unlucky, lucky] = [...sandbox.cloud.compute.servers()];
  if (!unlucky || !lucky) throw new Error('the sandbox is empty');
  sandbox.faults.add({
    service: 'nova',
    path: new RegExp(`servers/${unlucky.id}`),
    kind: 'answer',
    status: 500,
  });
  sandbox.cloud.compute.act(unlucky.id, 'stop');
  sandbox.cloud.compute.act(lucky.id, 'stop');

  const report = await reconciler.reconcile([about('server', unlucky), about('server', lucky)]);

  expect(report.failures).toMatchObject([{ object: 'server', id: unlucky.id, doing: 'read' }]);
  expect(report.changes).toEqual({ 'update-device': 1 });
});

test('a stack of no known project that Heat shows in an odd way is reported, and the others are brought into step', async () => {
  await using started = await start();
  const { sandbox, reconciler } = started;
  const { cloud, faults, population } = sandbox;
  const server = firstServer(sandbox);
  const made = population.addCluster(population.accounts[0] as Account, { servers: 1 });
  cloud.compute.act(server.id, 'stop');
  faults.add({
    service: 'heat',
    path: new RegExp(`/stacks/.*${made.id}$`),
    kind: 'rewrite',
    rewrite: (body) => ({ ...(body as object), stack: { id: made.id, stack_name: ['odd'] } }),
  });
  const odd: Reference = { kind: 'stack', id: made.id as StackId, projectId: undefined, deleted: false };

  const report = await reconciler.reconcile([odd, about('server', server)]);

  expect(report.failures).toMatchObject([{ doing: 'read', object: 'stack', id: made.id }]);
  expect(report.changes).toMatchObject({ 'update-device': 1 });
});

test('a server whose end was announced is gone from the portal', async () => {
  await using started = await start();
  const { sandbox, reconciler } = started;
  const server = firstServer(sandbox);
  sandbox.cloud.compute.deleteServer(server.id);
  reconciler.announce([about('server', server, true)]);

  const report = await reconciler.reconcile([about('server', server, true)]);
  const isShown = deviceOf(sandbox, server)?.name !== undefined;
  // Another notification announces the server's volume.
  await reconciler.reconcileAll();

  expect(report.changes['delete-device']).toBe(1);
  expect(isShown).toBe(false);
  expect(outOfStep(sandbox)).toEqual([]);
});

test('a server that Nova does not find, but Heat has and nothing announced as deleted, keeps its device', async () => {
  await using started = await start();
  const { sandbox, reconciler } = started;
  const server = firstServer(sandbox);
  const body = JSON.stringify({ itemNotFound: { code: 404, message: 'Instance could not be found.' } });
  const headers = { 'content-type': 'application/json' };
  const restore = sandbox.faults.add({ service: 'nova', kind: 'answer', status: 404, body, headers });

  const { changes } = await reconciler.reconcile([about('server', server)]);
  restore();

  expect(changes).toEqual({});
  expect(outOfStep(sandbox)).toEqual([]);
});

test('a device that has been given the id of ours since it was read is not deleted', async () => {
  await using running = await start();
  const { sandbox, reconciler } = running;
  const { portal, cloud } = sandbox;
  const server = firstServer(sandbox);
  const device = deviceOf(sandbox, server);
  if (!device) throw new Error('the server has no device');
  portal.devices.update(device.id, { name: 'switch', metadata: { room: 'B-12' } });

  cloud.compute.deleteServer(server.id);
  reconciler.announce([about('server', server, true)]);
  const report = await reconciler.reconcile([about('server', server, true)]);

  expect(portal.devices.get(device.id)).toMatchObject({ name: 'switch', metadata: { room: 'B-12' } });
  expect(report.skipped).toMatchObject([
    { id: portal.ids.show('device', device.id), because: expect.stringContaining('has changed') },
  ]);
});

test('a rack that its owner has taken over since it was read is not deleted', async () => {
  await using running = await start();
  const { sandbox, reconciler } = running;
  const { portal, cloud } = sandbox;
  const [root] = [...cloud.orchestration.stacks()].filter(({ parent }) => !parent);
  const rack = portal.racks.all().find(({ metadata }) => metadata['openstack_stack_id'] === root?.id);
  if (!root || !rack) throw new Error('the stack has no rack');
  portal.racks.update(rack.id, { metadata: { room: 'B-12' } });

  cloud.orchestration.deleteStack(root.id);
  for (let steps = 0; steps < 10; steps++) cloud.advance();
  const projectId = root.projectId as ProjectId;
  const about = { kind: 'stack', id: root.id as StackId, projectId, deleted: true } as const;
  reconciler.announce([about]);
  const report = await reconciler.reconcile([about]);

  expect(portal.racks.get(rack.id)?.metadata).toEqual({ room: 'B-12' });
  expect(report.skipped).toMatchObject([
    { id: portal.ids.show('rack', rack.id), because: expect.stringContaining('has changed') },
  ]);
});

function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('the sandbox lacks it');
  return value;
}
