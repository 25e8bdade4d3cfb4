/**
 * Large portals: a run reads those racks alone that are in doubt or that it changes, and lists them only where it makes one; what
 * others do to the rest is found rack by rack.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Release } from '../../src/concertim/profile.ts';
import { createLogger } from '../../src/observability/logger.ts';
import { Tracing } from '../../src/observability/tracing.ts';
import type { AuditPace } from '../../src/reconcile/audit-timer.ts';
import { ReconcileLoop } from '../../src/reconcile/reconcile-loop.ts';
import type { Clock } from '../../src/runtime/clock.ts';
import { server } from '../../src/sandbox/cloud/template.ts';
import type { Sandbox, SandboxOptions } from '../../src/sandbox/sandbox.ts';
import { outOfStep } from '../support/in-step.ts';
import { until } from '../support/listening-scenario.ts';
import { HastyClock } from '../support/manual-clock.ts';
import { startReconcilerByHand } from '../support/reconciler-by-hand.ts';
import { type Scenario, startScenario } from '../support/scenario.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

/** The requests to the portal, without ids and with repeats. */
function portalRequests({ services }: Sandbox): string[] {
  return services.concertim.seen
    .map(({ method, url }) => `${method} ${url.replace(/\/[0-9a-f-]*\d[0-9a-f-]*$/, '/ID')}`)
    .filter((request) => request.includes('/api/v1/'))
    .map((request) => request.replace('/api/v1/', ''))
    .toSorted();
}

const lists = ['GET templates', 'GET users'];

/** A scenario whose portal is in step, and which the service has read. */
async function startKnown(options: SandboxOptions): Promise<Scenario> {
  const scenario = await startScenario({ projects: 3, ...options });
  await scenario.run();
  await scenario.clock.sleep(60_000);
  await scenario.run();
  return scenario;
}

test.each([
  [150, 50, 3, ['GET devices', 'GET racks', ...lists]],
  [153, 51, 3, lists],
  [151, 151, 1, lists],
])(
  '%i devices: an idle run reads them all, or neither a rack nor a device',
  async (devices, stacks, servers, requests) => {
    await using scenario = await startKnown({ stacks, servers });
    expect(scenario.sandbox.portal.devices.size).toBe(devices);

    const report = await scenario.run();

    expect(report.changes).toEqual({});
    expect(report.seen.devices).toBe(devices);
    expect(portalRequests(scenario.sandbox)).toEqual(requests);
    expect(scenario.logged.filter((line) => line.includes('by somebody else'))).toEqual([]);
  },
  60_000,
);

test('a changed server has its rack read before it is shown', async () => {
  await using scenario = await startKnown({ stacks: 51, servers: 3 });
  const { sandbox } = scenario;
  const [server] = [...sandbox.cloud.compute.servers()];
  sandbox.cloud.compute.act(server?.id ?? '', 'stop');

  const report = await scenario.run();

  expect(report.changes).toMatchObject({ 'update-device': 1 });
  expect(portalRequests(sandbox).filter((request) => request.includes('ID'))).toEqual(
    expect.arrayContaining(['GET racks/ID', 'PATCH devices/ID']),
  );
  expect(portalRequests(sandbox)).not.toContain('GET devices');
  expect(portalRequests(sandbox).filter((request) => request === 'GET racks/ID')).toHaveLength(1);
  expect(outOfStep(sandbox)).toEqual([]);
}, 60_000);

test('the racks of changed servers are read while the rest of the cloud still is, each once', async () => {
  await using scenario = await startKnown({ stacks: 51, servers: 3 });
  const { sandbox } = scenario;
  for (const { id } of [...sandbox.cloud.compute.servers()].slice(0, 60))
    sandbox.cloud.compute.act(id, 'stop');
  const racksRead = () => portalRequests(sandbox).filter((request) => request === 'GET racks/ID').length;
  sandbox.faults.add({
    kind: 'interrupt',
    service: 'heat',
    times: 1,
    by: () =>
      until(
        () => racksRead() === 20,
        10_000,
        () => `${racksRead()} racks were read`,
      ),
  });

  const report = await scenario.run();

  expect(report.changes).toEqual({ 'update-device': 60 });
  expect(racksRead()).toBe(20);
  expect(outOfStep(sandbox)).toEqual([]);
}, 60_000);

test('an edit that is found while the cloud is read is put right by the same run', async () => {
  await using scenario = await startKnown({ stacks: 51, servers: 3 });
  const { cloud, portal, services, faults } = scenario.sandbox;
  const [server] = [...cloud.compute.servers()];
  cloud.compute.act(server?.id ?? '', 'stop');
  const device = portal.devices
    .all()
    .find(({ metadata }) => metadata['openstack_instance_id'] === server?.id);
  if (!device) throw new Error('no device');
  portal.devices.update(device.id, { name: 'renamed' });
  const read = () => services.concertim.seen.some(({ url }) => url.endsWith(`/racks/${device.rack_id}`));
  faults.add({
    kind: 'interrupt',
    service: 'heat',
    times: 1,
    by: () => until(read, 10_000, () => 'the rack was not read'),
  });

  await scenario.run();

  expect(scenario.logged.filter((line) => line.includes('by somebody else'))).toHaveLength(1);
  expect(outOfStep(scenario.sandbox)).toEqual([]);
}, 60_000);

test('what an owner takes over is not deleted by what was known of it', async () => {
  await using scenario = await startKnown({ stacks: 51, servers: 3 });
  const { cloud, portal } = scenario.sandbox;
  const [server] = [...cloud.compute.servers()];
  const device = portal.devices
    .all()
    .find(({ metadata }) => metadata['openstack_instance_id'] === server?.id);
  portal.devices.update(device?.id ?? 0, { metadata: {}, name: 'mine-now' });
  cloud.compute.act(server?.id ?? '', 'delete');

  const report = await scenario.run();

  expect(report.changes['delete-device']).toBeUndefined();
  expect(portal.devices.get(device?.id ?? 0)?.name).toBe('mine-now');
  expect(
    scenario.logged.filter((line) => line.includes('edited in the portal by somebody else')),
  ).toHaveLength(1);
}, 60_000);

/** One more stack, of one server. */
function addStack({ cloud, population }: Sandbox) {
  const [account] = population.accounts;
  const [flavor] = cloud.compute.flavors.values();
  if (!flavor || !account) throw new Error('a cloud without flavors or accounts');
  const resources = { node: server({ name: 'node-1', flavor, addresses: [] }) };
  const template = { description: '', parameters: {}, resources, outputs: [] };
  const stack = cloud.orchestration.createStack({
    name: 'new-one',
    project: account.project,
    owner: account.user,
    template,
  });
  cloud.settle();
  return stack;
}

test('before a rack is made the list is read: one that its owner has made of it meanwhile is not doubled', async () => {
  await using scenario = await startKnown({ stacks: 51, servers: 3 });
  const { sandbox } = scenario;
  const { portal } = sandbox;
  const stack = addStack(scenario.sandbox);
  const owner = portal.users.all().find(({ project_id }) => project_id === stack.projectId);
  portal.addRack({
    user_id: owner?.id ?? 0,
    name: 'by-hand',
    order_id: 'by-hand',
    metadata: { openstack_stack_id: stack.id },
  });

  const report = await scenario.run();

  expect(report.changes['create-rack']).toBeUndefined();
  expect(portalRequests(sandbox).filter((request) => request === 'GET racks')).toHaveLength(1);
  expect(outOfStep(sandbox)).toEqual([]);
}, 60_000);

test.each([
  ['its racks and devices are', ({ portal }: Sandbox) => emptyRacks(portal)],
  [
    'all but its users is',
    ({ portal }: Sandbox) => {
      emptyRacks(portal);
      for (const { id, foreign_id } of portal.templates.all()) if (foreign_id) portal.templates.remove(id);
    },
  ],
])(
  'a large portal that was emptied is filled again: %s gone',
  async (_, empty) => {
    await using scenario = await startKnown({ stacks: 51, servers: 3 });
    const { portal } = scenario.sandbox;
    empty(scenario.sandbox);
    // Where templates are left, the run learns only of this server's rack that it is gone, and that must
    // suffice.
    const [server] = [...scenario.sandbox.cloud.compute.servers()];
    scenario.sandbox.cloud.compute.act(server?.id ?? '', 'stop');

    await scenario.tryRun();

    expect([portal.racks.size, portal.devices.size]).toEqual([51, 153]);
    expect(scenario.logged.filter((line) => line.includes('portal lost all racks'))).toHaveLength(1);
    expect(outOfStep(scenario.sandbox)).toEqual([]);
  },
  60_000,
);

function emptyRacks(portal: Sandbox['portal']): void {
  for (const { id } of portal.racks.all()) portal.deleteRack(id);
}

test('a user who was deleted with all racks has the list read, and nothing else', async () => {
  await using scenario = await startKnown({ stacks: 51, servers: 3 });
  const { portal } = scenario.sandbox;
  const [rack] = portal.racks.all();
  portal.deleteUser(rack?.user_id ?? 0);

  const report = await scenario.run();

  expect(report.seen.racks).toBe(portal.racks.size);
  expect(portal.racks.size).toBeLessThan(51);
  expect(portalRequests(scenario.sandbox)).toEqual(['GET racks', ...lists]);
}, 60_000);

test('a rack whose making is not answered is looked for with the next run, and made once', async () => {
  await using scenario = await startKnown({ stacks: 51, servers: 3 });
  const { portal, faults, services } = scenario.sandbox;
  addStack(scenario.sandbox);
  faults.add({ kind: 'reset-after', service: 'concertim', method: 'POST', path: /racks$/, times: 1 });
  // The service looks for the rack at once, and this fault makes that fail.
  const restore = faults.add({
    kind: 'answer',
    status: 500,
    body: '{}',
    service: 'concertim',
    method: 'GET',
    path: /racks$/,
    skip: 1,
  });

  const lost = await scenario.tryRun();
  restore();
  services.concertim.forget();
  const next = await scenario.run();

  expect(lost?.failures).toHaveLength(1);
  expect(next.changes).toEqual({ 'create-device': 1 });
  expect(portalRequests(scenario.sandbox).filter((request) => request.endsWith('racks'))).toEqual([
    'GET racks',
  ]);
  expect(portal.racks.size).toBe(52);
  expect(outOfStep(scenario.sandbox)).toEqual([]);
}, 60_000);

test('a change whose answer is lost is looked at even where nothing is to be changed any more', async () => {
  await using scenario = await startKnown({ stacks: 51, servers: 3 });
  const { cloud, faults } = scenario.sandbox;
  const [server] = [...cloud.compute.servers()];
  cloud.compute.act(server?.id ?? '', 'stop');
  const path = /devices\/\d/;
  const restore = faults.add({ kind: 'reset-after', service: 'concertim', method: 'PATCH', path });
  const lost = await scenario.tryRun();
  restore();
  cloud.compute.act(server?.id ?? '', 'start');
  cloud.settle();

  const next = await scenario.run();

  expect(lost?.failures).toHaveLength(1);
  expect(next.changes).toEqual({ 'update-device': 1 });
  expect(outOfStep(scenario.sandbox)).toEqual([]);
}, 60_000);

test.each([10, 11])(
  'of %i racks that the portal fails to show a run leaves up to ten alone',
  async (count) => {
    await using scenario = await startKnown({ stacks: 51, servers: 3 });
    const { cloud, portal, faults } = scenario.sandbox;
    const unshown = portal.racks.all().slice(0, count);
    const path = new RegExp(`racks/(${unshown.map(({ id }) => id).join('|')})$`);
    const fault = {
      service: 'concertim',
      method: 'GET',
      path,
      kind: 'answer',
      status: 500,
      body: '{}',
    } as const;
    const restore = faults.add(fault);
    for (const { id } of cloud.compute.servers()) cloud.compute.act(id, 'stop');
    const stopped = () =>
      portal.devices
        .all()
        .filter(({ status }) => status === 'STOPPED')
        .map(({ rack_id }) => rack_id);

    const report = await scenario.tryRun();

    if (count > 10) {
      expect([report, stopped()]).toEqual([undefined, []]);
      return;
    }
    expect(report?.changes).toEqual({ 'update-device': 153 - 30 });
    const ids = new Set(unshown.map(({ id }) => id));
    expect(new Set(report?.unreadableRows.map(({ id }) => id))).toEqual(ids);
    expect(stopped().filter((id) => unshown.some((rack) => rack.id === id))).toEqual([]);

    restore();
    const next = await scenario.run();

    expect(next.changes).toEqual({ 'update-device': 30 });
    expect(next.unreadableRows).toEqual([]);
    expect(outOfStep(scenario.sandbox)).toEqual([]);
  },
  60_000,
);

test('a creation whose answer is lost has its rack read with the next run, and is made once', async () => {
  await using scenario = await startKnown({ stacks: 51, servers: 3 });
  const { cloud, portal, faults, services } = scenario.sandbox;
  const [device, other] = portal.devicesIn(portal.racks.all()[0]?.id ?? 0);
  portal.devices.remove(device?.id ?? 0);
  // So that its rack is read.
  cloud.compute.act(String(other?.metadata['openstack_instance_id']), 'stop');
  const path = /racks\/\d/;
  faults.add({ kind: 'reset-after', service: 'concertim', method: 'POST', path: /nodes/, times: 1 });
  // The service looks for the device at once, and this fault makes that fail.
  const restore = faults.add({
    kind: 'answer',
    status: 404,
    body: '{}',
    service: 'concertim',
    method: 'GET',
    path,
    skip: 1,
  });

  const lost = await scenario.tryRun();
  restore();
  const next = await scenario.run();

  expect(lost?.failures).toHaveLength(1);
  expect(next.changes).toEqual({});
  expect(services.concertim.seen.filter(({ url }) => path.test(url))).toHaveLength(1);
  expect(outOfStep(scenario.sandbox)).toEqual([]);
}, 60_000);

/** The policy allows all deletions here; other tests cover its limits. */
function startByHand(options: SandboxOptions & { readonly clock: Clock }, audit: AuditPace) {
  const deletions = { maxDeletions: 100, maxShare: 1, allowAll: false };
  return startReconcilerByHand({ stacks: 3, servers: 2, ...options }, { deletions, audit });
}

test.each([1_800_000, 600_000])(
  'of %i ms: what is edited in each rack is found, logged and undone within them',
  async (withinMs) => {
    const runEveryMs = 150_000;
    const origins = new Set<string>();
    using clock = new VirtualClock((origin) => origins.has(origin));
    const size = { projects: 3, stacks: 51, servers: 3 };
    await using started = await startByHand({ ...size, clock }, { withinMs, runEveryMs });
    const { sandbox, reconciler, random, logged } = started;
    const { portal, services } = sandbox;
    for (const { url } of Object.values(services)) origins.add(url);
    const log = createLogger({ level: 'critical', format: 'json' });
    const tracing = new Tracing();
    const loop = new ReconcileLoop({ reconciler, intervalMs: runEveryMs, clock, random, log, tracing });
    const stop = new AbortController();
    const ended = loop.run(stop.signal);
    await clock.pass(4 * runEveryMs);
    services.concertim.forget();
    for (const rack of portal.racks.all()) {
      const [device] = portal.devicesIn(rack.id);
      portal.devices.update(device?.id ?? 0, { status: 'FAILED' });
      portal.racks.update(rack.id, { status: 'FAILED' });
    }
    const editedAt = clock.now();
    const edited = () =>
      [...portal.devices.all(), ...portal.racks.all()].filter(({ status }) => status === 'FAILED').length;
    expect(edited()).toBe(2 * 51);

    await clock.pass(withinMs, () => edited() === 0);

    expect(edited()).toBe(0);
    expect(clock.now() - editedAt).toBeGreaterThan(runEveryMs);
    expect(logged.filter((line) => line.includes('edited in the portal by somebody else'))).toHaveLength(51);
    const requests = portalRequests(sandbox);
    expect(requests).not.toContain('GET devices');
    for (const patch of ['PATCH devices/ID', 'PATCH racks/ID'])
      expect(requests.filter((request) => request === patch)).toHaveLength(51);
    // The list is read once in each round.
    expect(requests.filter((request) => request === 'GET racks').length).toBeLessThanOrEqual(2);
    // A rack is read once in its turn, and once more before the service undoes a change in it.
    expect(requests.filter((request) => request === 'GET racks/ID').length).toBeLessThanOrEqual(3 * 51);
    stop.abort();
    await ended;
  },
  60_000,
);

describe('a device in no rack, which no read of a rack shows', () => {
  /** A portal that is read in turn, and knows one whose server it could not ask about. */
  async function startWithLoose(release: Release) {
    const pace = { withinMs: 1_800_000, runEveryMs: 150_000, readWholeUpTo: 0 };
    const started = await startByHand({ release, clock: new HastyClock() }, pace);
    const { sandbox, reconciler } = started;
    const { portal, faults, services } = sandbox;
    await reconciler.reconcileAll();
    const [template] = portal.templates.all();
    const loose = portal.addDevice({
      template_id: template?.id ?? 0,
      name: 'loose',
      rack_id: null,
      start_u: 0,
      metadata: { openstack_instance_id: gone },
    });
    const path = new RegExp(gone);
    const answerAgain = faults.add({ kind: 'answer', status: 503, body: '', service: 'nova', path });
    reconciler.forgetPortal();
    const { held } = await reconciler.reconcileAll();
    expect(held).toMatchObject([{ kind: 'device', name: 'loose' }]);
    answerAgain();
    services.concertim.forget();
    return { ...started, loose };
  }
  const gone = 'f0000000-0000-4000-8000-000000000000';

  test.each<Release>(['2023-08', 'main'])('portal of %s: is read by itself, and deleted', async (release) => {
    await using started = await startWithLoose(release);
    const { sandbox, reconciler, loose } = started;

    const report = await reconciler.reconcileAll();

    expect(report.changes).toEqual({ 'delete-device': 1 });
    expect(sandbox.portal.devices.get(loose.id)).toBeUndefined();
    const requests = portalRequests(sandbox);
    expect(requests).not.toContain('GET devices');
    expect(requests.filter((request) => request.includes('devices'))).toEqual([
      'DELETE devices/ID',
      'GET devices/ID',
    ]);
  });

  test.each([
    ['its owner takes over', {}],
    ['claims another server by now', { openstack_instance_id: 'e0000000-0000-4000-8000-000000000000' }],
  ])('that %s is not deleted by what was known of it', async (_, metadata) => {
    await using started = await startWithLoose('2023-08');
    const { sandbox, reconciler, loose } = started;
    sandbox.portal.devices.update(loose.id, { metadata });

    const report = await reconciler.reconcileAll();

    expect(sandbox.portal.devices.get(loose.id)?.metadata).toEqual(metadata);
    expect(report.changes).toEqual({});
    expect(report.skipped).toHaveLength(1);
  });
});

const act = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('run' as const) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('audit' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cloud' as const) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        'disown',
        'claim another',
        'change',
        'delete',
        'add',
        'delete rack',
        'disown rack',
        'change rack',
        'make rack',
      ),
      at: fc.nat(30),
      other: fc.nat(30),
    }),
  },
);

/** What an owner may do to their own racks, and to devices in them. */
function edit({ portal }: Sandbox, kind: string, at: number, other: number): void {
  const devices = portal.devices.all();
  const racks = portal.racks.all();
  const device = devices[at % (devices.length || 1)];
  const another = devices[other % (devices.length || 1)];
  const rack = racks[at % (racks.length || 1)];
  if (kind === 'delete rack' && rack) portal.deleteRack(rack.id);
  if (kind === 'disown rack' && rack) portal.racks.update(rack.id, { metadata: {} });
  if (kind === 'change rack' && rack) portal.racks.update(rack.id, { status: 'FAILED' });
  if (kind === 'make rack' && rack) {
    const { user_id, metadata } = rack;
    const name = `made-${portal.racks.size}`;
    portal.addRack({ user_id, name, order_id: name, metadata: { ...metadata } });
  }
  if (!device) return;
  if (kind === 'disown') portal.devices.update(device.id, { metadata: {} });
  if (kind === 'change') portal.devices.update(device.id, { status: 'FAILED', description: 'edited' });
  if (kind === 'delete') portal.devices.remove(device.id);
  if (kind === 'claim another' && another)
    portal.devices.update(device.id, { metadata: { ...another.metadata } });
  if (kind === 'add' && rack && another) {
    portal.addDevice({
      template_id: another.template_id,
      rack_id: rack.id,
      name: `added-${portal.devices.size}`,
      start_u: 30 + (at % 10),
      metadata: { ...another.metadata },
    });
  }
}

test.each<Release>(['2023-08', 'main'])(
  'portal of %s: whatever owners do, after one audit a run that reads all finds nothing to do, and what is not ours is as it was',
  async (release) => {
    await fc.assert(
      fc.asyncProperty(fc.array(act, { minLength: 4, maxLength: 14 }), async (acts) => {
        const pace = { withinMs: 1_800_000, runEveryMs: 150_000, readWholeUpTo: 0 };
        const clock = new HastyClock();
        await using started = await startByHand({ release, clock }, pace);
        const { sandbox, reconciler } = started;
        const { portal } = sandbox;
        const stranger = portal.addUser({ login: 'stranger', project_id: 'f'.repeat(32) });
        const [template] = portal.templates.all();
        const own = portal.addRack({ user_id: stranger.id, name: 'own', order_id: 'own' });
        if (template)
          portal.addDevice({
            template_id: template.id,
            rack_id: own.id,
            name: 'own',
            start_u: 3,
            metadata: { mine: true },
          });
        const strangers = () =>
          JSON.stringify([portal.racks.get(own.id)?.metadata, portal.devicesIn(own.id)]);
        await reconciler.reconcileAll();
        for (const each of acts) {
          await clock.sleep(60_000);
          if (each.kind === 'run') await reconciler.reconcileAll();
          else if (each.kind === 'audit') await reconciler.audit();
          else if (each.kind === 'cloud') sandbox.tick(1);
          else if ('at' in each) {
            // An edit that changes another owner's rows is no valid case.
            const before = strangers();
            if (portal.racks.all().length > 1) edit(sandbox, each.kind, each.at, each.other);
            if (strangers() !== before) fc.pre(false);
          }
        }
        const before = strangers();

        // Every rack has its turn, with runs in between, as in the loop. Some turns go to deleted racks,
        // until a run lists the racks.
        await reconciler.reconcileAll();
        for (let turn = 2 * (portal.racks.size + 1); turn >= 0; turn--) {
          await clock.sleep(30_000);
          await reconciler.audit();
          if (turn % 2 === 0) await reconciler.reconcileAll();
        }
        await reconciler.reconcileAll();

        // A run that reads everything finds nothing left to do.
        reconciler.forgetPortal();
        const report = await reconciler.reconcileAll();
        expect(report.changes).toEqual({});
        expect(strangers()).toBe(before);
      }),
      { numRuns: 25 },
    );
  },
  120_000,
);

test('of a large portal a device that cannot be read is kept, and not made a second time', async () => {
  await using scenario = await startKnown({ stacks: 51, servers: 3 });
  const { cloud, portal, faults } = scenario.sandbox;
  const oddDevice = (row: Row): Row => ({ ...row, metadata: 'odd' });
  const [odd] = portal.devices.all();
  const oddRow = (row: Row): Row => (row['id'] === odd?.id ? oddDevice(row) : row);
  faults.add({
    service: 'concertim',
    method: 'GET',
    path: /devices$/,
    kind: 'rewrite',
    rewrite: (rows) => (rows as Row[]).map(oddRow),
  });
  faults.add({
    service: 'concertim',
    method: 'GET',
    path: /racks\/\d+$/,
    kind: 'rewrite',
    rewrite: (rack) => ({ ...(rack as Row), devices: (rack as { devices: Row[] }).devices.map(oddRow) }),
  });
  for (const { id } of cloud.compute.servers()) cloud.compute.setServerState(id, { vmState: 'stopped' });

  // The first finds that a rack has an odd row, and the next reads the list.
  await scenario.tryRun();
  const { changes, failures } = await scenario.run();

  expect(failures).toEqual([]);
  expect(Object.keys(changes)).toEqual(['update-device']);
  expect(portal.devices.size).toBe(153);
  expect(scenario.logged.filter((line) => line.includes('"event":"row-unreadable"'))).toHaveLength(1);
}, 60_000);

type Row = Record<string, unknown>;
