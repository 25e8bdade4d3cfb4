import { describe, expect, test } from 'vitest';
import { profiles } from '../../src/concertim/profile.ts';
import { createLogger } from '../../src/observability/logger.ts';
import { Tracing } from '../../src/observability/tracing.ts';
import type { ProjectId, ServerId } from '../../src/openstack/model.ts';
import { ReconcileLoop } from '../../src/reconcile/reconcile-loop.ts';
import type { RunReport } from '../../src/reconcile/run-report.ts';
import type { Server } from '../../src/sandbox/cloud/compute.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { outOfStep } from '../support/in-step.ts';
import { HastyClock } from '../support/manual-clock.ts';
import { portalRelease } from '../support/portal-release.ts';
import { type ReconcilerByHand, startReconcilerByHand } from '../support/reconciler-by-hand.ts';
import { about, deviceOf } from '../support/shown-objects.ts';

interface Started extends ReconcilerByHand {
  readonly clock: HastyClock;
}

/** A sandbox that is in step, and a reconciler on it whose last full run read complete lists. */
async function start({ hears = ['compute', 'network'] as const, isListening = true } = {}): Promise<Started> {
  const clock = new HastyClock();
  const started = await startReconcilerByHand(
    { stacks: 2, servers: 3, clock },
    { deletions: { maxDeletions: 5, maxShare: 0.3, allowAll: false } },
  );
  const { reconciler } = started;
  reconciler.setListening(isListening);
  for (const service of hears) reconciler.announce([], service);
  await reconciler.reconcileAll();
  await clock.sleep(120_000);
  return { ...started, clock };
}

/** How a run reads the two long lists. */
async function readingsOf({ nova, heat }: Sandbox['services'], run: () => Promise<unknown>) {
  nova.forget();
  heat.forget();
  await run();
  const lists = nova.seen.filter(({ url }) => url.includes('/servers/detail'));
  const stacks = heat.seen.filter(({ url }) => /\/stacks\?/.test(url));
  return {
    servers: lists.some(({ url }) => url.includes('changes-since')) ? 'changed' : 'complete',
    stacks: stacks.some(({ url }) => url.includes('with_count')) ? 'changed' : 'complete',
  };
}

function firstServer({ cloud }: Sandbox): Server {
  const [server] = [...cloud.compute.servers()].filter(({ addresses }) =>
    addresses.every(({ type }) => type === 'fixed'),
  );
  if (!server) throw new Error('the sandbox has no server of fixed addresses alone');
  return server;
}

test('where Nova and Neutron are heard, three full runs read what changed, and every fourth the complete lists', async () => {
  await using started = await start();
  const { sandbox, reconciler } = started;

  const readings = [];
  for (let run = 0; run < 8; run++)
    readings.push(await readingsOf(sandbox.services, () => reconciler.reconcileAll()));

  const [changed, complete] = [
    { servers: 'changed', stacks: 'changed' },
    { servers: 'complete', stacks: 'complete' },
  ];
  expect(readings).toEqual([changed, changed, changed, complete, changed, changed, changed, complete]);
});

test.each([
  ['nobody listens', { isListening: false }],
  ['Neutron was never heard', { hears: ['compute'] as const }],
  ['Nova was never heard', { hears: ['network'] as const }],
])('the list of servers is complete in every run while %s', async (_, given) => {
  await using started = await start(given as Parameters<typeof start>[0]);
  const { sandbox, reconciler } = started;

  const first = await readingsOf(sandbox.services, () => reconciler.reconcileAll());
  const second = await readingsOf(sandbox.services, () => reconciler.reconcileAll());

  expect([first, second]).toEqual([
    { servers: 'complete', stacks: 'changed' },
    { servers: 'complete', stacks: 'changed' },
  ]);
});

test.each<[string, (started: Started) => void, string]>([
  ['a gap in the notifications', ({ reconciler }) => reconciler.setListening(false), 'complete'],
  ['a request for a full run', ({ reconciler }) => reconciler.forgetCloud(), 'complete'],
  [
    'a floating IP of which Neutron does not say where it leads to',
    ({ reconciler, sandbox }) =>
      reconciler.announce([
        {
          kind: 'floating-ip',
          id: '203.0.113.9',
          projectId: firstServer(sandbox).projectId as ProjectId,
          deleted: false,
          serverId: undefined,
        },
      ]),
    'changed',
  ],
])('the list of servers is complete after %s', async (_, happen, stacks) => {
  await using started = await start();

  happen(started);
  const readings = await readingsOf(started.sandbox.services, () => started.reconciler.reconcileAll());

  expect(readings).toEqual({ servers: 'complete', stacks });
});

test('what happens to stacks and servers without any notification shows in a run that reads what changed', async () => {
  await using started = await start();
  const { sandbox, reconciler, clock } = started;
  const { compute, orchestration } = sandbox.cloud;
  const [suspended, deleted] = [...orchestration.stacks()].filter(({ parent }) => !parent);
  const server = firstServer(sandbox);

  compute.renameServer(server.id, 'renamed');
  orchestration.suspendStack(suspended?.id ?? '');
  const readings = await readingsOf(sandbox.services, () => reconciler.reconcileAll());

  expect(readings).toEqual({ servers: 'changed', stacks: 'changed' });
  expect(outOfStep(sandbox)).toEqual([]);

  orchestration.deleteStack(deleted?.id ?? '');
  await clock.sleep(60_000);
  const { changes } = await reconciler.reconcileAll();

  expect(changes['delete-rack']).toBe(1);
  expect(outOfStep(sandbox)).toEqual([]);
});

test('a server that Nova lists as deleted is looked for by its id before its device is deleted', async () => {
  await using started = await start();
  const { sandbox, reconciler } = started;
  const { nova } = sandbox.services;
  const server = firstServer(sandbox);

  sandbox.cloud.compute.deleteServer(server.id);
  const readings = await readingsOf(sandbox.services, () => reconciler.reconcileAll());

  expect(readings.servers).toBe('changed');
  expect(nova.seen.filter(({ url }) => url.endsWith(`/servers/${server.id}`))).toHaveLength(1);
  expect(deviceOf(sandbox, server)?.public_ips).toBeUndefined();
  expect(outOfStep(sandbox)).toEqual([]);
});

// A bare device says nothing of addresses.
test.skipIf(profiles[portalRelease()].deviceKinds === 'bare')(
  'an address that a targeted run has read stays in the runs that read what changed',
  async () => {
    await using started = await start();
    const { sandbox, reconciler } = started;
    const server = firstServer(sandbox);
    sandbox.cloud.setFloatingIp(server.id, true);
    await reconciler.reconcile([about('server', server)]);
    const shown = deviceOf(sandbox, server)?.public_ips;

    const readings = await readingsOf(sandbox.services, () => reconciler.reconcileAll());

    expect(shown).toMatch(/:198\.1[89]\./);
    expect(readings.servers).toBe('changed');
    expect(deviceOf(sandbox, server)?.public_ips).toBe(shown);
  },
);

// A bare device says nothing of addresses.
describe.skipIf(profiles[portalRelease()].deviceKinds === 'bare')('a server that was announced', () => {
  test.each([
    ['alone', false],
    ['beside another', true],
  ])(
    'and could not be read, %s, is read with the complete list of the next full run',
    async (_, isBeside) => {
      await using started = await start();
      const { sandbox, reconciler } = started;
      const server = firstServer(sandbox);
      const other = [...sandbox.cloud.compute.servers()].find(({ id }) => id !== server.id);
      sandbox.cloud.setFloatingIp(server.id, true);
      const path = new RegExp(`/servers/${server.id}$`);
      const healed = sandbox.faults.add({ kind: 'answer', status: 500, service: 'nova', path });
      const named =
        isBeside && other ? [about('server', server), about('server', other)] : [about('server', server)];
      const outcome = await reconciler.reconcile(named).then(
        ({ failures }) => failures.length,
        () => 'failed',
      );
      healed();

      const readings = await readingsOf(sandbox.services, () => reconciler.reconcileAll());

      expect(outcome).toBe(isBeside ? 1 : 'failed');
      expect(readings.servers).toBe('complete');
      expect(deviceOf(sandbox, server)?.public_ips).toMatch(/:198\.1[89]\./);
    },
  );
});

test('what is announced before a full run is read after it; where that run reads the complete list, floating IPs alone are', async () => {
  await using started = await start();
  const { sandbox, reconciler, random, clock } = started;
  const reports: RunReport[] = [];
  const loop = new ReconcileLoop({
    reconciler,
    intervalMs: 3_600_000,
    clock,
    random,
    log: createLogger({ level: 'critical', format: 'json' }),
    tracing: new Tracing(),
    onReport: (report) => reports.push(report),
  });
  const { signal } = new AbortController();
  const server = firstServer(sandbox);
  const projectId = server.projectId as ProjectId;
  const floatingIp = { id: '203.0.113.9', projectId, serverId: server.id as ServerId, deleted: false };
  loop.request([about('server', server), { kind: 'floating-ip', ...floatingIp }]);

  await loop.runFull(signal);
  const after = { changed: loop.backlog };
  reconciler.forgetCloud();
  await loop.runFull(signal);

  expect(reports.map(({ scope }) => scope)).toEqual(['full', 'full']);
  // Nova may not have had the floating IP yet.
  expect({ ...after, complete: loop.backlog }).toEqual({ changed: 2, complete: 1 });
});
