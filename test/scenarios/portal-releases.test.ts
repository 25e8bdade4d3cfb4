import { describe, expect, test } from 'vitest';
import { releases } from '../../src/concertim/profile.ts';
import { hasKinds, releaseRules } from '../../src/sandbox/portal/release-rules.ts';
import { startScenario } from '../support/scenario.ts';

/** What holds with every release of the portal. */
describe.each(releases)('a portal of release %s', (release) => {
  test('is filled by one run, and right for the next', async () => {
    await using scenario = await startScenario({ release, stacks: 2, servers: 4 });

    const filled = await scenario.run();
    const again = await scenario.run();

    expect(filled.failures).toEqual([]);
    // A server with a volume each, and a network for each stack.
    const devices = hasKinds(releaseRules[release]) ? 8 + 8 + 2 : 8;
    expect(filled.changes).toMatchObject({ 'create-rack': 2, 'create-device': devices });
    const shown = filled.made.filter(({ object }) => object !== 'template');
    expect(shown.flatMap(({ id, rackId }) => [id, rackId])).not.toContain(null);
    expect(again.failures).toEqual([]);
    expect(again.changes).toEqual({});
  });

  test('shows a suspended server as far as the release has that', async () => {
    await using scenario = await startScenario({ release });
    const { cloud, portal } = scenario.sandbox;
    await scenario.run();
    const [shown] = portal.devices.all();
    const id = String(shown?.metadata['openstack_instance_id']);
    cloud.compute.setServerState(id, { vmState: 'suspended' });

    const suspended = await scenario.run();
    const again = await scenario.run();

    expect(suspended.failures).toEqual([]);
    expect(portal.devices.get(shown?.id ?? 0)?.status).toBe(release === '0.2.1' ? 'STOPPED' : 'SUSPENDED');
    expect(again.changes).toEqual({});
  });

  test('gives racks to the owner of the project: a user, or that user’s team', async () => {
    await using scenario = await startScenario({ release, projects: 2, stacks: 2 });
    const { portal } = scenario.sandbox;

    await scenario.run();

    const owners = portal.racks.all().map(({ user_id }) => portal.users.get(user_id)?.login);
    expect(new Set(owners)).toEqual(new Set(['user1', 'user2']));
    expect(owners).toHaveLength(2);
  });

  test('volume details that the Python service wrote as a text are put right', async () => {
    await using scenario = await startScenario({ release });
    const { portal } = scenario.sandbox;
    await scenario.run();
    const [device] = portal.devices.all();
    portal.devices.update(device?.id ?? 0, { volume_details: "{'a': 1}" });

    const report = await scenario.run();
    const again = await scenario.run();

    // The first release shows no details.
    expect(report.changes).toEqual(release === '0.2.1' ? {} : { 'update-device': 1 });
    expect(report.failures).toEqual([]);
    expect(again.changes).toEqual({});
  });

  test('a rack that the Python service named keeps its name as long as the stack has its own', async () => {
    await using scenario = await startScenario({ release, stacks: 0 });
    const { portal, population } = scenario.sandbox;
    const [account] = population.accounts;
    if (account) population.addCluster(account, { servers: 2, since: 0, name: 'cluster_0' });
    await scenario.run();
    const [rack] = portal.racks.all();
    const dashed = rack?.name.replaceAll('_', '-') ?? '';
    portal.racks.update(rack?.id ?? 0, { name: dashed });

    const report = await scenario.run();

    expect(dashed).not.toBe(rack?.name);
    expect(portal.racks.all().map(({ name }) => name)).toEqual([dashed]);
    expect(report.changes).toEqual({});
  });
});
