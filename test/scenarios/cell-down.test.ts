import { expect, test } from 'vitest';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { ailments, startClinic } from '../support/doctor.ts';
import { outOfStep } from '../support/in-step.ts';
import { startScenario } from '../support/scenario.ts';

/** How long Nova waits for the cell before it answers without it. */
const waitMs = 60_200;

/** A quarter of the sandbox's hosts. */
function takeCellDown({ cloud: { compute } }: Sandbox) {
  const hosts = new Set(compute.hosts.slice(0, 2));
  const restore = compute.takeCellDown({ hosts, waitMs });
  const servers = [...compute.servers()];
  return {
    restore,
    lost: servers.filter((server) => compute.isUnreachable(server)),
    others: servers.filter((server) => !compute.isUnreachable(server)),
  };
}

const devicesOf = ({ portal }: Sandbox, ids: readonly { id: string }[]) => {
  const wanted = new Set(ids.map(({ id }) => id));
  return portal.devices
    .all()
    .filter(({ metadata }) => wanted.has(metadata['openstack_instance_id'] as string));
};

for (const microversion of ['2.100', '2.60']) {
  test(`with Nova ${microversion}, a cell that is down costs its own servers only, and a handful of questions`, async () => {
    await using scenario = await startScenario({ microversion, projects: 2, stacks: 10, servers: 40 });
    const { sandbox } = scenario;
    await scenario.run();
    const { restore, lost, others } = takeCellDown(sandbox);
    const [changed, deleted] = others;
    if (!changed || !deleted) throw new Error('too few servers');
    const before = structuredClone(devicesOf(sandbox, lost));
    expect(before).toHaveLength(lost.length);
    expect(lost.length).toBeGreaterThan(80);
    sandbox.cloud.compute.act(changed.id, 'stop');
    sandbox.cloud.advance();

    const asked = () => sandbox.services.nova.seen.filter(({ url }) => /servers\/[0-9a-f-]{36}/.test(url));
    const report = await scenario.run();

    expect(devicesOf(sandbox, lost)).toEqual(before);
    expect(devicesOf(sandbox, [changed])).toMatchObject([{ status: 'STOPPED' }]);
    expect(report.changes).toEqual({ 'update-device': 1 });
    expect(report.failures).toEqual([]);
    expect(asked().length).toBeLessThan(80);

    restore();
    await scenario.run();
    expect(outOfStep(sandbox)).toEqual([]);
  });
}

test('the log says once of which servers Nova tells nothing, and why', async () => {
  await using scenario = await startScenario({ projects: 2, stacks: 10, servers: 40 });
  await scenario.run();
  takeCellDown(scenario.sandbox);

  await scenario.run();
  await scenario.run();

  const said = scenario.logged.filter((line) => line.includes('details not available'));
  expect(said).toHaveLength(1);
  expect(said[0]).toContain('Nova cannot reach the cell that it is in');
});

test('doctor names the hosts of a cell that is down, whether Nova waits for the cell or not', async () => {
  await using clinic = await startClinic();
  const { compute } = clinic.sandbox.cloud;
  const hosts = new Set(compute.hosts.slice(0, 2));
  const named = [...hosts].join(', ');
  expect(ailments(await clinic.examine()).map(({ check }) => check)).not.toContain('nova.cells');

  compute.takeCellDown({ hosts, waitMs: 0 });
  expect(ailments(await clinic.examine())).toContainEqual(
    expect.objectContaining({ check: 'nova.cells', level: 'error', found: expect.stringContaining(named) }),
  );

  compute.takeCellDown({ hosts, waitMs: 1_500 });
  const found = ailments(await clinic.examine({ timeoutMs: 1_000 }));
  expect(found).toContainEqual(expect.objectContaining({ check: 'nova.servers', level: 'warning' }));
  expect(found).toContainEqual(
    expect.objectContaining({ check: 'nova.cells', level: 'error', found: expect.stringContaining(named) }),
  );
});
