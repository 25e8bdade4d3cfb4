import { describe, expect, test } from 'vitest';
import { releases } from '../../src/concertim/profile.ts';
import type { Flavor } from '../../src/sandbox/cloud/compute.ts';
import type { Stack } from '../../src/sandbox/cloud/stack.ts';
import { nestedStack, network, type Resources, server, volume } from '../../src/sandbox/cloud/template.ts';
import { hasKinds, releaseRules } from '../../src/sandbox/portal/release-rules.ts';
import { outOfStep } from '../support/in-step.ts';
import { type Scenario, type ScenarioOptions, startScenario } from '../support/scenario.ts';

const flavor: Flavor = { id: '1', name: 'm1.tiny', vcpus: 1, ram: 512, disk: 1, isPublic: true };
const depth = 6;
const withKinds = releases.filter((release) => hasKinds(releaseRules[release]));

/** A server with a volume of its own, a volume that nothing has, and a network, at each level from the root down. */
function levels(at = 0): Resources {
  return {
    lan: network(`lan${at}`),
    disk: volume(10, { name: `disk${at}`, requiredBy: ['node'] }),
    spare: volume(1),
    node: server({ name: `node${at}`, flavor, addresses: [], volume: 'disk' }),
    ...(at < depth ? { below: nestedStack('below.yaml', levels(at + 1)) } : {}),
  };
}

async function startDeep(options: ScenarioOptions): Promise<{ scenario: Scenario; root: Stack }> {
  const scenario = await startScenario({ stacks: 0, maxNestedStackDepth: depth, ...options });
  const { cloud, population } = scenario.sandbox;
  const [account] = population.accounts;
  if (!account) throw new Error('The sandbox has no account.');
  const { project, user: owner } = account;
  const outputs = [{ key: 'concertim_cluster_type', value: () => 'slurm-standalone' }];
  const template = { description: '', parameters: {}, resources: levels(), outputs };
  const root = cloud.orchestration.createStack({ name: 'deep', project, owner, template });
  cloud.settle();
  return { scenario, root };
}

const kindsOf = ({ sandbox }: Scenario) =>
  Object.fromEntries(
    [...Map.groupBy(sandbox.portal.devices.all(), ({ kind }) => kind)].map(([kind, all]) => [
      kind,
      all.length,
    ]),
  );

const volumesOf = ({ sandbox }: Scenario) => [...sandbox.cloud.blockStorage.volumes()];

function deviceOf({ sandbox }: Scenario, id: string) {
  return sandbox.portal.devices.all().find(({ metadata }) => metadata['openstack_instance_id'] === id);
}

describe.each(releases)('a portal of release %s', (release) => {
  test('shows what a stack is made of, seven levels deep, once; a second run, and one after a restart, write nothing', async () => {
    const { scenario } = await startDeep({ release });
    await using _ = scenario;

    const filled = await scenario.run();

    const levelsShown = depth + 1;
    expect(filled.failures).toEqual([]);
    expect(outOfStep(scenario.sandbox)).toEqual([]);
    expect(kindsOf(scenario)).toEqual(
      withKinds.includes(release)
        ? { Instance: levelsShown, Volume: 2 * levelsShown, Network: levelsShown }
        : { Instance: levelsShown },
    );
    expect((await scenario.run()).changes).toEqual({});
    await scenario.restart();
    expect((await scenario.run()).changes).toEqual({});
  });

  test('follows every object in what it is, and lets it go when it is gone', async () => {
    const { scenario, root } = await startDeep({ release });
    await using _ = scenario;
    const { cloud, portal } = scenario.sandbox;
    await scenario.run();
    const [first, second] = volumesOf(scenario);
    const [lan] = [...cloud.networking.networks.values()].filter(({ name }) => name === 'lan3');
    cloud.blockStorage.changeVolume(first?.id ?? '', { status: 'error_extending' });
    cloud.blockStorage.changeVolume(second?.id ?? '', { size: 20, name: 'renamed.disk' });
    cloud.networking.changeNetwork(lan?.id ?? '', { adminStateUp: false });

    const changed = await scenario.run();

    expect(changed.failures).toEqual([]);
    expect(outOfStep(scenario.sandbox)).toEqual([]);
    expect(changed.changes).toEqual(withKinds.includes(release) ? { 'update-device': 3 } : {});
    expect((await scenario.run()).changes).toEqual({});

    cloud.orchestration.deleteStack(root.id);
    cloud.settle();
    await scenario.run();
    await scenario.run();

    expect(portal.devices.all()).toEqual([]);
    expect(portal.racks.all()).toEqual([]);
  });
});

describe.each(withKinds)('a portal of release %s', (release) => {
  test('keeps what it shows while the cloud has no Cinder, and while Cinder fails, and follows the servers', async () => {
    const { scenario } = await startDeep({ release });
    await using _ = scenario;
    const { cloud, faults } = scenario.sandbox;
    await scenario.run();
    const [node] = [...cloud.compute.servers()];
    cloud.compute.setServerState(node?.id ?? '', { vmState: 'stopped' });
    const mend = faults.add({ service: 'cinder', path: /volumes/, kind: 'answer', status: 503 });

    const report = await scenario.run();

    expect(report.failures.map(({ object, name }) => `${object} ${name}`)).toEqual(['service Cinder']);
    expect(report.changes).toEqual({ 'update-device': 1 });
    expect(report.held).toEqual([]);
    mend();
    expect((await scenario.run()).changes).toEqual({});
  });
});

test('a cloud without Cinder is well: servers and networks are shown', async () => {
  await using scenario = await startScenario({ release: 'main', cinder: false });

  const report = await scenario.run();

  expect(report.failures).toEqual([]);
  expect(report.warnings).toEqual([]);
  expect(kindsOf(scenario)).toEqual({ Instance: 3, Network: 1 });
});

test('a volume that somebody deletes beside Heat goes, since the account sees the volumes of others', async () => {
  const { scenario } = await startDeep({ release: 'main' });
  await using _ = scenario;
  await scenario.run();
  const spare = volumesOf(scenario).find(({ attachments }) => attachments.length === 0);
  scenario.sandbox.cloud.blockStorage.deleteVolume(spare?.id ?? '');
  scenario.sandbox.cloud.settle();

  const report = await scenario.run();

  expect(report.changes).toEqual({ 'delete-device': 1 });
  expect(deviceOf(scenario, spare?.id ?? '')).toBeUndefined();
});
