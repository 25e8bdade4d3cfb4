import { expect, test } from 'vitest';
import type { PortalSnapshot } from '../../src/concertim/model.ts';
import type { CloudObservation } from '../../src/plan/observation.ts';
import { defaultPlanSettings, plan } from '../../src/plan/plan.ts';
import { observePortal } from '../../src/reconcile/observe-portal.ts';
import { readCloud } from '../../src/reconcile/read-cloud.ts';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { PaperPortal } from '../support/paper-portal.ts';
import { sessionsOn } from '../support/sandbox-sessions.ts';

/*
 * How much work a plan is, as counts: how often it reads a field of a server, a device, a rack or a stack. They are the
 * same on every machine, so a step that looks at everything once more for each object cannot slip in.
 */

const perServer = { server: 17, device: 19 };
const perStack = { rack: 29, root: 28 };

test('a plan in step reads each object so often, however many there are', async () => {
  const small = await readsOfPlan(20);
  const large = await readsOfPlan(80);

  for (const { servers, reads } of [small, large]) {
    const stacks = servers / 4;
    expect(reads.server / servers).toBeLessThanOrEqual(perServer.server);
    expect(reads.device / servers).toBeLessThanOrEqual(perServer.device);
    expect(reads.rack / stacks).toBeLessThanOrEqual(perStack.rack);
    expect(reads.root / stacks).toBeLessThanOrEqual(perStack.root);
  }
  // Sorting alone grows faster than the number of objects.
  for (const kind of ['server', 'device', 'rack', 'root'] as const) {
    expect(large.reads[kind] / small.reads[kind]).toBeLessThan(4 * 1.25);
  }
});

interface Reads {
  server: number;
  device: number;
  rack: number;
  root: number;
}

/** What the plan of a cloud of so many stacks, four servers each, reads when the portal is in step. */
async function readsOfPlan(stacks: number): Promise<{ servers: number; reads: Reads }> {
  await using sandbox = await startSandbox({ projects: 4, stacks, servers: 4, pace: 0 });
  const sessions = sessionsOn(sandbox.config);
  const beginning = await observePortal(sessions.portal);
  const portal = new PaperPortal(beginning);
  const first = plan((await readCloud(sessions.cloud, beginning)).cloud, beginning, defaultPlanSettings);
  portal.apply(first.phases.flat().flatMap(({ changes }) => changes));
  const { cloud } = await readCloud(sessions.cloud, portal.snapshot());
  await sessions.close();
  const reads: Reads = { server: 0, device: 0, rack: 0, root: 0 };

  const { phases } = plan(
    countedCloud(cloud, reads),
    countedPortal(portal.snapshot(), reads),
    defaultPlanSettings,
  );

  expect(phases).toEqual([]);
  expect(cloud.servers.size).toBe(4 * stacks);
  return { servers: cloud.servers.size, reads };
}

function countedPortal({ users, racks, devices, templates }: PortalSnapshot, reads: Reads): PortalSnapshot {
  return {
    users,
    racks: racks.map((rack) => counted(rack, () => reads.rack++)),
    devices: devices.map((device) => counted(device, () => reads.device++)),
    templates,
  };
}

function countedCloud(cloud: CloudObservation, reads: Reads): CloudObservation {
  return {
    ...cloud,
    servers: new Map([...cloud.servers].map(([id, server]) => [id, counted(server, () => reads.server++)])),
    trees: cloud.trees.map((tree) => ({ ...tree, root: counted(tree.root, () => reads.root++) })),
  };
}

/** The same object, but for each field that is read of it `count` is called. */
function counted<T extends object>(object: T, count: () => void): T {
  return new Proxy(object, {
    get(target, key, receiver) {
      count();
      return Reflect.get(target, key, receiver);
    },
  });
}
