import { expect, test } from 'vitest';
import type { PortalSnapshot } from '../../src/concertim/model.ts';
import { readPortal } from '../../src/concertim/snapshot.ts';
import type { CloudObservation } from '../../src/plan/observation.ts';
import { plan } from '../../src/plan/plan.ts';
import { defaultPlanSettings } from '../../src/plan/plan-settings.ts';
import { readCloud } from '../../src/reconcile/read-cloud.ts';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { PaperPortal } from '../support/paper-portal.ts';
import { remembered } from '../support/remembered.ts';
import { sessionsOn } from '../support/sandbox-sessions.ts';

/*
 * How much work a plan is, as counts: how often it reads a field of a server, a device, a rack or a stack. They are the
 * same on every machine, so a step that looks at everything once more for each object cannot slip in.
 */

const ofNewRows = { server: 27, device: 23, rack: 29, root: 29 };
/** Of rows that an earlier plan has compared. */
const ofKnownRows = { server: 13, device: 13, rack: 29, root: 29 };

test.for([
  ['that no plan has seen', ofNewRows, 1],
  ['that an earlier plan has compared', ofKnownRows, 2],
] as const)(
  'a plan in step of rows %s reads each so often, however many there are',
  async ([, most, plans]) => {
    const small = await readsOfPlan(20, plans);
    const large = await readsOfPlan(80, plans);

    for (const { servers, reads } of [small, large]) {
      const stacks = servers / 4;
      expect(reads.server / servers).toBeLessThanOrEqual(most.server);
      expect(reads.device / servers).toBeLessThanOrEqual(most.device);
      expect(reads.rack / stacks).toBeLessThanOrEqual(most.rack);
      expect(reads.root / stacks).toBeLessThanOrEqual(most.root);
    }
    // Sorting alone grows faster than the number of objects.
    for (const kind of ['server', 'device', 'rack', 'root'] as const) {
      expect(large.reads[kind] / small.reads[kind]).toBeLessThan(4 * 1.25);
    }
  },
);

interface Reads {
  server: number;
  device: number;
  rack: number;
  root: number;
}

/** What the last of so many plans of a cloud of so many stacks, four servers each, reads when the portal is in step. */
async function readsOfPlan(stacks: number, plans: number): Promise<{ servers: number; reads: Reads }> {
  await using sandbox = await startSandbox({ release: '2023-08', projects: 4, stacks, servers: 4, pace: 0 });
  const sessions = sessionsOn(sandbox.config);
  const beginning = await readPortal(sessions.portal);
  const portal = new PaperPortal(beginning);
  const first = plan((await readCloud(sessions.cloud, beginning)).cloud, beginning, defaultPlanSettings);
  portal.apply(first.phases.flat().flatMap(({ changes }) => changes));
  const { cloud } = await readCloud(sessions.cloud, portal.snapshot());
  await sessions.close();
  const reads: Reads = { server: 0, device: 0, rack: 0, root: 0 };

  const counting = {
    cloud: countedCloud(remembered(cloud), reads),
    portal: countedPortal(portal.snapshot(), reads),
  };

  for (let at = 0; at < plans; at++) {
    Object.assign(reads, { server: 0, device: 0, rack: 0, root: 0 });
    // A snapshot of its own, as in each run.
    const { phases } = plan(counting.cloud, { ...counting.portal }, defaultPlanSettings);
    expect(phases).toEqual([]);
  }

  expect(cloud.servers.size).toBe(4 * stacks);
  return { servers: cloud.servers.size, reads };
}

function countedPortal({ racks, devices, ...rest }: PortalSnapshot, reads: Reads): PortalSnapshot {
  return {
    ...rest,
    racks: racks.map((rack) => counted(rack, () => reads.rack++)),
    devices: devices.map((device) => counted(device, () => reads.device++)),
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
