import { expect, test } from 'vitest';
import { Health } from '../../src/observability/health.ts';
import { createLogger } from '../../src/observability/logger.ts';
import { Tracing } from '../../src/observability/tracing.ts';
import type { ProjectId, ServerId } from '../../src/openstack/model.ts';
import { ReconcileLoop } from '../../src/reconcile/reconcile-loop.ts';
import { changeCount, type RunReport } from '../../src/reconcile/run-report.ts';
import { seededRandom } from '../../src/runtime/random.ts';
import type { SandboxCloud } from '../../src/sandbox/sandbox-cloud.ts';
import { blindnesses } from '../support/blind-cloud.ts';
import { outOfStep } from '../support/in-step.ts';
import { startTwoClouds, type TwoClouds, takeDown } from '../support/two-clouds.ts';

/** Everything of the portal that belongs to users of the south, as it is. */
function southernRows({ north: { portal } }: TwoClouds): string[] {
  const users = new Set(
    portal.users
      .all()
      .filter(({ login }) => login.startsWith('south-'))
      .map(({ id }) => id),
  );
  const racks = portal.racks.all().filter(({ user_id }) => users.has(user_id));
  const ids = new Set(racks.map(({ id }) => id));
  const devices = portal.devices.all().filter(({ rack_id }) => ids.has(rack_id as number));
  return [...racks, ...devices].map((row) => JSON.stringify(row)).sort();
}

function firstStack({ cloud, population }: Pick<SandboxCloud, 'cloud' | 'population'>) {
  const [account] = population.accounts;
  const stack = [...cloud.orchestration.stacks(account?.project.id ?? '')].find(({ parent }) => !parent);
  if (!stack) throw new Error('the sandbox has no stack');
  return stack;
}

/** How often its list of servers was read so far. */
function serverLists({ services }: SandboxCloud): number {
  return services.nova.seen.filter(({ url }) => url.includes('/servers/detail')).length;
}

const intervalMs = 150_000;

function loopOf({ reconciler, clock }: TwoClouds, onReport: (report: RunReport) => void) {
  const health = new Health({ component: 'updates_bulk', clock });
  const loop = new ReconcileLoop({
    reconciler,
    intervalMs,
    clock,
    random: seededRandom(1),
    log: createLogger({ level: 'critical', format: 'json' }),
    tracing: new Tracing(),
    health,
    onReport,
  });
  return { loop, health };
}

/** What a full run reports, and what `status` then says of the component. */
async function runOfLoop(clouds: TwoClouds) {
  let again: RunReport | undefined;
  const { loop, health } = loopOf(clouds, (report) => (again = report));
  await loop.runFull(new AbortController().signal);
  return { again, detail: JSON.stringify(health.read()) };
}

test('two clouds of 1,000 servers each are shown, and an idle run changes nothing', {
  timeout: 120_000,
}, async () => {
  await using clouds = await startTwoClouds({ projects: 4, stacks: 40, servers: 25 });
  const { north, reconciler } = clouds;

  const first = await reconciler.reconcileAll();
  const second = await reconciler.reconcileAll();

  expect(first.failures).toEqual([]);
  expect(first.seen.servers).toBe(2_000);
  expect(outOfStep(north)).toEqual([]);
  expect(changeCount(second)).toBe(0);
  const keys = north.portal.templates.all().flatMap(({ foreign_id }) => foreign_id ?? []);
  expect(keys.filter((key) => key.startsWith('south:'))).toHaveLength(keys.length / 2);
});

test('while one cloud is away the other goes on, and nothing of the first is changed, whatever its users write', async () => {
  await using clouds = await startTwoClouds({ projects: 2, stacks: 4, servers: 3 });
  const { north, south, reconciler, clock } = clouds;
  await reconciler.reconcileAll();
  const { racks, devices } = north.portal;
  for (const { id, metadata } of racks.all())
    racks.update(id, { metadata: { ...metadata, openstack_cloud: 'north' } });
  for (const { id, metadata } of devices.all())
    devices.update(id, { metadata: { ...metadata, openstack_cloud: 'north' } });
  const before = southernRows(clouds);
  const bringBack = takeDown(south);
  south.cloud.orchestration.deleteStack(firstStack(south).id);
  north.cloud.orchestration.deleteStack(firstStack(north).id);
  north.advance();

  const during = await reconciler.reconcileAll();
  const { again, detail } = await runOfLoop(clouds);

  expect(during.failures.map(({ object, name }) => `${object} ${name}`)).toEqual(['cloud south']);
  expect(during.changes['delete-rack']).toBe(1);
  expect(southernRows(clouds)).toEqual(before);
  expect(again && changeCount(again)).toBe(0);
  expect(detail).toContain('cloud south not read since ');

  bringBack();
  south.cloud.advance();
  await clock.sleep(reconciler.untilTrialMs);
  expect(await reconciler.tryUnread()).toBe(true);
  expect((await reconciler.reconcileAll()).failures).toEqual([]);
  expect(outOfStep(north)).toEqual([]);
});

test('while one cloud is away the other keeps its interval; after a successful trial a full run begins at once', async () => {
  await using clouds = await startTwoClouds({ projects: 2, stacks: 2, servers: 2 });
  const { north, south, clock } = clouds;
  const reports: RunReport[] = [];
  const { loop } = loopOf(clouds, (report) => reports.push(report));
  const stop = new AbortController();
  const running = loop.run(stop.signal);
  const runs = async (count: number) => {
    const before = reports.length;
    await expect.poll(() => reports.length - before, { timeout: 20_000 }).toBeGreaterThanOrEqual(count);
  };
  await runs(1);
  const bringBack = takeDown(south);
  await runs(4);
  const away = reports.filter(({ failures }) => failures.length > 0);
  bringBack();
  const broughtBackAt = clock.now();
  await expect.poll(() => reports.at(-1)?.failures.length, { timeout: 20_000 }).toBe(0);
  stop.abort();
  await running;

  const waits = away.slice(1).map(({ startedAt }, at) => startedAt - (away[at]?.startedAt ?? 0));
  expect(Math.min(...waits)).toBeGreaterThanOrEqual(intervalMs);
  const since = reports.filter(({ startedAt }) => startedAt > broughtBackAt);
  expect(since.findIndex(({ failures }) => failures.length === 0)).toBeLessThan(2);
  expect(outOfStep(north)).toEqual([]);
});

test.each([
  ['takes the lists that it has read', false, 1],
  ['reads them again if something was announced meanwhile', true, 2],
])('the run after a successful trial %s', async (_, isAnnounced, lists) => {
  await using clouds = await startTwoClouds({ projects: 2, stacks: 2, servers: 2 });
  const { north, south, reconciler, clock } = clouds;
  await reconciler.reconcileAll();
  const bringBack = takeDown(south);
  await reconciler.reconcileAll();
  bringBack();
  const before = serverLists(south);
  await clock.sleep(reconciler.untilTrialMs);
  await reconciler.tryUnread();
  if (isAnnounced) {
    const [server] = south.cloud.compute.servers();
    if (!server) throw new Error('the sandbox is empty');
    south.cloud.compute.setServerState(server.id, { vmState: 'stopped' });
    const id = server.id as ServerId;
    await reconciler.reconcile([{ kind: 'server', id, projectId: undefined, deleted: false }]);
  }

  await reconciler.reconcileAll();

  expect(serverLists(south) - before).toBe(lists);
  expect(outOfStep(north)).toEqual([]);
});

test.each([
  ['a notification', true],
  ['a request of the API, which names no project,', false],
])('%s of one cloud costs the other no request', async (_, namesProject) => {
  await using clouds = await startTwoClouds({ projects: 2, stacks: 2, servers: 2 });
  const { north, south, reconciler } = clouds;
  await reconciler.reconcileAll();
  const [server] = south.cloud.compute.servers();
  if (!server) throw new Error('the sandbox is empty');
  south.cloud.compute.setServerState(server.id, { vmState: 'stopped' });
  const asked = () => [north.services.nova.seen.length, north.services.heat.seen.length];
  const before = asked();

  const report = await reconciler.reconcile([
    {
      kind: 'server',
      id: server.id as ServerId,
      projectId: namesProject ? (server.projectId as ProjectId) : undefined,
      deleted: false,
    },
  ]);

  expect(report.changes).toEqual({ 'update-device': 1 });
  expect(asked()).toEqual(before);
});

test.each([false, true])(
  'what a cloud has shown stays when it is removed from the configuration (as region of one Keystone: %s), and the other is reconciled',
  async (sharedKeystone) => {
    await using clouds = await startTwoClouds({
      projects: 2,
      stacks: 4,
      servers: 3,
      release: 'main',
      sharedKeystone,
    });
    const { north, south, reconciler } = clouds;
    await reconciler.reconcileAll();
    const { racks, devices } = north.portal;
    const southern = () =>
      [...racks.all(), ...devices.all()]
        .filter(({ metadata }) => metadata['openstack_cloud'] === 'south')
        .map((row) => JSON.stringify(row));
    const before = southern();
    north.cloud.orchestration.deleteStack(firstStack(north).id);
    north.advance();
    const alone = clouds.northAlone();

    const { changes, held, warnings } = await alone.reconcileAll();
    const again = await alone.reconcileAll();

    expect(changes['delete-rack']).toBe(1);
    expect(warnings).toEqual([]);
    expect(southern()).toEqual(before);
    expect(new Set(held.map(({ reasonCode }) => reasonCode))).toEqual(new Set(['cloud-not-configured']));
    expect(held).toHaveLength(before.length);
    expect(changeCount(again)).toBe(0);
    expect(outOfStep(north, [south])).toEqual([]);
  },
);

test('of two regions of one Keystone each is shown; what a region has lost goes once the other has been read too', async () => {
  await using clouds = await startTwoClouds({
    projects: 2,
    stacks: 4,
    servers: 3,
    release: 'main',
    sharedKeystone: true,
  });
  const { north, south, reconciler, clock } = clouds;
  const first = await reconciler.reconcileAll();
  const idle = await reconciler.reconcileAll();
  const shown = outOfStep(north);
  const bringBack = north.faults.add({ service: 'nova', kind: 'answer', status: 503 });
  south.cloud.orchestration.deleteStack(firstStack(south).id);
  south.cloud.advance();

  const during = await reconciler.reconcileAll();
  bringBack();
  await clock.sleep(reconciler.untilTrialMs);
  await reconciler.tryUnread();
  const after = await reconciler.reconcileAll();

  expect(first.failures).toEqual([]);
  expect(shown).toEqual([]);
  expect(changeCount(idle)).toBe(0);
  expect(during.clouds.map(({ name, seen }) => [name, seen !== undefined])).toEqual([
    ['north', false],
    ['south', true],
  ]);
  expect(during.changes['delete-rack']).toBeUndefined();
  expect(after.changes['delete-rack']).toBe(1);
  expect(outOfStep(north)).toEqual([]);
});

test('what a wrong cloud lacks stays, and the other cloud is reconciled', async () => {
  await using clouds = await startTwoClouds({ projects: 2, stacks: 4, servers: 3 });
  const { north, south, reconciler } = clouds;
  await reconciler.reconcileAll();
  const before = southernRows(clouds);
  blindnesses['Nova and Heat are blind'](south);
  north.cloud.orchestration.deleteStack(firstStack(north).id);
  north.advance();

  const { warnings, changes } = await reconciler.reconcileAll();

  expect(warnings.map((warning) => warning.split(':')[0])).toEqual(['Cloud south']);
  expect(changes).toMatchObject({ 'delete-rack': 1 });
  expect(southernRows(clouds)).toEqual(before);
});
