import { expect, test } from 'vitest';
import { readPortal } from '../../src/concertim/snapshot.ts';
import { createLogger } from '../../src/observability/logger.ts';
import { listServers } from '../../src/openstack/compute.ts';
import type { ServerId } from '../../src/openstack/model.ts';
import { readStacks } from '../../src/openstack/stack-list.ts';
import { CloudLists } from '../../src/reconcile/cloud-lists.ts';
import { ExternalNetworks } from '../../src/reconcile/external-networks.ts';
import { PortalMirror } from '../../src/reconcile/mirror.ts';
import { PortalReader } from '../../src/reconcile/portal-reader.ts';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { HastyClock } from '../support/manual-clock.ts';
import { showServers } from '../support/metrics-scenario.ts';
import { startReconcilerByHand } from '../support/reconciler-by-hand.ts';
import { sessionsOn } from '../support/sandbox-sessions.ts';

/*
 * What an idle run makes of the lists, as counts: a row that is as it was is the object that it was. The guard against
 * tens of kilobytes of garbage for each server, which V8 would let lie until the process is several times as large.
 */

test('of lists that are read again only what has changed is recreated', async () => {
  await using sandbox = await startSandbox({ projects: 4, stacks: 25, servers: 4, pace: 0 });
  showServers(sandbox);
  const { cloud, portal, close } = sessionsOn(sandbox.config);
  const read = async () => {
    const { racks, devices } = await readPortal(portal);
    const { stacks } = await readStacks(cloud, { projects: [] });
    return { servers: await listServers(cloud), stacks, racks, devices };
  };
  const before = await read();
  const again = await read();
  sandbox.cloud.compute.act(before.servers[7]?.id ?? '', 'stop');

  const after = await read();
  await close();

  expect(before.servers).toHaveLength(100);
  expect(before.devices).toHaveLength(100);
  expect(newIn(again, before)).toEqual({ servers: 0, stacks: 0, racks: 0, devices: 0 });
  expect(newIn(after, again)).toEqual({ servers: 1, stacks: 0, racks: 0, devices: 0 });
});

test('external networks are the set that they were, until there is another one', async () => {
  await using sandbox = await startSandbox({ projects: 1, stacks: 1, pace: 0 });
  const { cloud, close } = sessionsOn(sandbox.config);
  const networks = new ExternalNetworks(createLogger({ level: 'critical', format: 'json' }));
  const before = await networks.read(cloud);
  const again = await networks.read(cloud);
  sandbox.cloud.networking.addNetwork({ name: 'leased', projectId: 'p', createdAt: 0, isExternal: true });

  const after = await networks.read(cloud);
  await close();

  expect(before.names.size).toBeGreaterThan(0);
  expect(again).toBe(before);
  expect(after.names).toEqual(new Set([...before.names, 'leased']));
});

test('servers and stacks are the lists that they were, until one of them differs; the earlier list stays', async () => {
  const clock = new HastyClock();
  await using sandbox = await startSandbox({ projects: 1, stacks: 3, servers: 2, pace: 0, clock });
  const { cloud, close } = sessionsOn(sandbox.config, { clock });
  const lists = new CloudLists();
  lists.setListening(true);
  for (const service of ['compute', 'network'] as const) lists.hear(service);
  const read = () => lists.read(cloud, { projects: [] });
  const before = await read();
  await clock.sleep(120_000);
  const again = [await read(), await read()];
  const [[id, first] = []] = before.servers;
  sandbox.cloud.compute.act(id ?? '', 'stop');

  const after = await read();
  await close();

  for (const { servers, stacks } of again) {
    expect(servers).toBe(before.servers);
    expect(stacks.stacks).toBe(before.stacks.stacks);
  }
  expect(after.servers.get(id as ServerId)).toMatchObject({ vmState: 'stopped' });
  expect(before.servers.get(id as ServerId)).toBe(first);
  expect(after.stacks.stacks).toBe(before.stacks.stacks);
});

test('a large portal in which nothing changed is the snapshot that it was', async () => {
  const clock = new HastyClock();
  await using sandbox = await startSandbox({ projects: 2, stacks: 40, servers: 4, pace: 0, clock });
  showServers(sandbox);
  const { portal, close } = sessionsOn(sandbox.config, { clock });
  const reader = new PortalReader({
    session: portal,
    clock,
    log: createLogger({ level: 'critical', format: 'json' }),
    pace: { withinMs: 1_800_000, runEveryMs: 150_000 },
  });
  const before = await reader.read(undefined);
  reader.keep();

  const again = await reader.read(new PortalMirror(before));
  await close();

  expect(before.devices).toHaveLength(160);
  expect(again).toBe(before);
});

test('a plan is made once while cloud and portal stay as they are', async () => {
  const clock = new HastyClock();
  const deletions = { maxDeletions: 5, maxShare: 0.3, allowAll: false };
  await using by = await startReconcilerByHand({ stacks: 3, servers: 2, clock }, { deletions });
  const { reconciler, sandbox } = by;
  await reconciler.reconcileAll();
  await clock.sleep(120_000);
  const membersNow = async () => (await reconciler.survey()).plan.members();
  await membersNow();
  const before = await membersNow();
  const again = await membersNow();
  const [server] = [...sandbox.cloud.compute.servers()];
  sandbox.cloud.compute.act(server?.id ?? '', 'stop');

  const after = await membersNow();

  expect(before.size).toBe(3);
  expect(again).toBe(before);
  expect(after).not.toBe(before);
  expect(after).toEqual(before);
});

/** How many objects of each list are none of the earlier one's. */
function newIn<Lists extends Readonly<Record<string, readonly object[]>>>(now: Lists, before: Lists) {
  return Object.fromEntries(
    Object.entries(now).map(([name, rows]) => {
      const known = new Set<object>(before[name]);
      return [name, rows.filter((row) => !known.has(row)).length];
    }),
  );
}
