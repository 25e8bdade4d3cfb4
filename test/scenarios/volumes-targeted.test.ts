import { expect, test } from 'vitest';
import type { Release } from '../../src/concertim/profile.ts';
import type { ProjectId, StackId } from '../../src/openstack/model.ts';
import type { Sandbox, SandboxOptions } from '../../src/sandbox/sandbox.ts';
import { outOfStep } from '../support/in-step.ts';
import { HastyClock } from '../support/manual-clock.ts';
import { type ReconcilerByHand, startReconcilerByHand } from '../support/reconciler-by-hand.ts';
import { about } from '../support/shown-objects.ts';

/** A sandbox in step, a reconciler on it, and the number of Heat requests of its first run. */
async function start(
  options: SandboxOptions & { readonly allowAll?: boolean } = {},
): Promise<ReconcilerByHand & { readonly coldHeatRequests: number }> {
  const { allowAll = false, ...sandboxOptions } = options;
  const clock = new HastyClock();
  const started = await startReconcilerByHand(
    { stacks: 2, servers: 3, release: 'main', ...sandboxOptions, clock },
    { deletions: { maxDeletions: 5, maxShare: 0.3, allowAll } },
  );
  const { sandbox, reconciler } = started;
  await reconciler.reconcileAll();
  const coldHeatRequests = sandbox.services.heat.seen.length;
  await clock.sleep(60_000);
  await reconciler.reconcileAll();
  for (const service of Object.values(sandbox.services)) service.forget();
  return Object.assign(started, { coldHeatRequests });
}

const volumesOf = ({ cloud }: Sandbox) => [...cloud.blockStorage.volumes()];
const networksOf = ({ cloud }: Sandbox) =>
  [...cloud.networking.networks.values()].filter(({ isShared, isExternal }) => !isShared && !isExternal);

function requestsTo({ services }: Sandbox): Record<string, number> {
  const counts = Object.entries(services).map(([name, { seen }]) => [name, seen.length] as const);
  return Object.fromEntries(counts.filter(([name, count]) => count > 0 && name !== 'concertim'));
}

test('a volume that changes costs one request to Cinder and one to Heat', async () => {
  await using started = await start();
  const { sandbox, reconciler } = started;
  const [volume] = volumesOf(sandbox);
  sandbox.cloud.blockStorage.changeVolume(volume?.id ?? '', { status: 'error' });

  const report = await reconciler.reconcile([about('volume', volume)]);

  expect(report.changes).toEqual({ 'update-device': 1 });
  expect(requestsTo(sandbox)).toEqual({ cinder: 1, heat: 1 });
  expect(outOfStep(sandbox)).toEqual([]);
});

test('a network that is shut is shown as stopped', async () => {
  await using started = await start();
  const { sandbox, reconciler } = started;
  const [network] = networksOf(sandbox);
  sandbox.cloud.networking.changeNetwork(network?.id ?? '', { adminStateUp: false });

  const report = await reconciler.reconcile([about('network', network)]);

  expect(report.changes).toEqual({ 'update-device': 1 });
  // Two of them for the external networks: this might have been one.
  expect(requestsTo(sandbox)).toEqual({ neutron: 3, heat: 1 });
  expect(outOfStep(sandbox)).toEqual([]);
});

test('a volume whose end was announced goes at once; one that is merely not found waits for the full run', async () => {
  await using started = await start();
  const { sandbox, reconciler } = started;
  const [first, second] = volumesOf(sandbox);
  for (const volume of [first, second]) {
    for (const { serverId } of volume?.attachments ?? [])
      sandbox.cloud.blockStorage.detach(volume?.id ?? '', serverId);
    sandbox.cloud.settle();
    sandbox.cloud.blockStorage.deleteVolume(volume?.id ?? '');
  }
  sandbox.cloud.settle();
  const ended = about('volume', first, true);
  reconciler.announce([ended]);

  const report = await reconciler.reconcile([ended, about('volume', second)]);

  expect(report.changes).toEqual({ 'delete-device': 1 });
  expect(report.held.map(({ reason }) => reason)).toEqual([
    'OpenStack does not find it, and nothing confirms its deletion',
  ]);
  expect((await reconciler.reconcileAll()).changes).toEqual({ 'delete-device': 1 });
  expect(outOfStep(sandbox)).toEqual([]);
});

test('a new stack is shown with all that it is made of', async () => {
  await using started = await start();
  const { sandbox, reconciler } = started;
  const { cloud, population } = sandbox;
  const [account] = population.accounts;
  if (!account) throw new Error('the sandbox has no account');
  const root = population.addCluster(account, { servers: 30, since: 0 });
  cloud.settle();

  const projectId = account.project.id as ProjectId;
  await reconciler.reconcile([{ kind: 'stack', id: root.id as StackId, projectId, deleted: false }]);

  expect(outOfStep(sandbox)).toEqual([]);
  expect(sandbox.services.cinder.seen).toHaveLength(1);
});

test.each(['0.2.1', '1.1'] as const)(
  'for a portal of release %s neither volumes nor networks are read, but which networks are external',
  async (release: Release) => {
    await using started = await start({ release });
    const { sandbox, reconciler } = started;

    const report = await reconciler.reconcile([
      about('volume', volumesOf(sandbox)[0]),
      about('network', networksOf(sandbox)[0]),
    ]);

    expect(report.changes).toEqual({});
    expect(requestsTo(sandbox)).toEqual({ neutron: 2 });
  },
);

test.each([false, true])(
  'while Cinder hides the volumes of others nothing of theirs goes, a person having allowed it or not: %s',
  async (allowAll) => {
    await using started = await start({ allowAll });
    const { sandbox, reconciler } = started;
    const { faults, portal } = sandbox;
    const before = portal.devices.all().length;
    const volumes = JSON.stringify({ volumes: [] });
    faults.add({
      service: 'cinder',
      path: /\/volumes\/detail/,
      kind: 'answer',
      status: 200,
      body: volumes,
      headers: { 'content-type': 'application/json' },
    });
    const missing = JSON.stringify({ itemNotFound: { code: 404, message: 'Volume could not be found.' } });
    faults.add({
      service: 'cinder',
      path: /\/volumes\/[0-9a-f]{8}-/,
      kind: 'answer',
      status: 404,
      body: missing,
    });
    faults.add({ service: 'keystone', method: 'POST', kind: 'answer', status: 401 });

    const report = await reconciler.reconcileAll();

    expect(report.changes).toEqual({});
    expect(portal.devices.all()).toHaveLength(before);
    expect(new Set(report.held.map(({ reason }) => reason))).toEqual(
      new Set(['OpenStack does not find it, and shows this account nothing of other projects']),
    );
    expect(report.held).toHaveLength(volumesOf(sandbox).length);
    expect(report.warnings).toEqual(
      allowAll ? [] : [expect.stringMatching(/^6 of 6 volumes are missing from OpenStack/)],
    );
  },
);

test('2,000 servers with a volume each in 500 stacks: nothing changed, and 14 requests to OpenStack say so', async () => {
  await using started = await start({ projects: 50, stacks: 500, servers: 4 });
  const { sandbox, reconciler } = started;

  const report = await reconciler.reconcileAll();

  expect(report.changes).toEqual({});
  expect(volumesOf(sandbox)).toHaveLength(2_000);
  // Two requests for each stack, and the list.
  expect(started.coldHeatRequests).toBeLessThanOrEqual(2 * 500 + 2);
  const { concertim, ...cloud } = Object.fromEntries(
    Object.entries(sandbox.services).map(([name, { seen }]) => [name, seen.length]),
  );
  expect(Object.values(cloud).reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(14);
  expect(concertim).toBeLessThanOrEqual(5);
}, 120_000);
