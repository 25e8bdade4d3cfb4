import { describe, expect, test } from 'vitest';
import { profiles } from '../../src/concertim/profile.ts';
import type { Flavor } from '../../src/sandbox/cloud/compute.ts';
import type { Stack } from '../../src/sandbox/cloud/stack.ts';
import { network, resourceGroup, server, volume } from '../../src/sandbox/cloud/template.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { outOfStep } from '../support/in-step.ts';
import { sessionsOn } from '../support/sandbox-sessions.ts';
import { type Scenario, startScenario } from '../support/scenario.ts';
import { heightOf2024, ServiceOf2024 } from '../support/service-of-2024.ts';

/** A portal that the Python service of 2024 has filled, and fills again: what was right stays as it is, and nothing is there twice. */

const sizes = [1, 2, 3, 4, 5, 8];
const flavors = sizes.map(
  (vcpus): Flavor => ({ id: `of-${vcpus}`, name: `m1.of${vcpus}`, vcpus, ram: 512, disk: 1, isPublic: true }),
);

/** A server of each size with a volume of its own, a volume that nothing has, and a network; names as cluster builder makes them. */
function addStack({ cloud, population }: Sandbox, name: string, clusterType?: string): Stack {
  const [account] = population.accounts;
  if (!account) throw new Error('The sandbox has no account.');
  const { project, user: owner } = account;
  const nodes = flavors.flatMap((flavor, at) => [
    [`disk${at}`, volume(10, { name: `disk_${at}`, requiredBy: [`node${at}`] })] as const,
    [
      `node${at}`,
      server({
        name: `node0${at}.${name}.alces.network`,
        flavor,
        addresses: [],
        imageId: '',
        volume: `disk${at}`,
      }),
    ] as const,
  ]);
  const resources = {
    lan: network(`${name}.network`),
    spare: volume(1, { name: 'spare' }),
    ...Object.fromEntries(nodes),
  };
  const outputs = [
    { key: 'answer', value: () => '42' },
    ...(clusterType === undefined ? [] : [{ key: 'concertim_cluster_type', value: () => clusterType }]),
  ];
  const stack = cloud.orchestration.createStack({
    name,
    project,
    owner,
    template: { description: '', parameters: {}, resources, outputs },
  });
  cloud.settle();
  return stack;
}

/**
 * Three stacks. The service of 2024 could make no rack for the last one: another rack had the order `None`,
 * or, where racks have no orders, the stack names no type of cluster.
 */
async function startFilled(
  release: '1.2' | 'main' | 'next',
): Promise<Scenario & { readonly stacks: readonly Stack[]; readonly service: ServiceOf2024 }> {
  const scenario = await startScenario({
    release,
    stacks: 0,
    config: ({ config: { concertim } }) => ({
      concertim: { ...concertim, default_cluster_type: 'slurm-standalone' },
    }),
  });
  const { sandbox } = scenario;
  sandbox.cloud.compute.flavors.clear();
  for (const flavor of flavors) sandbox.cloud.compute.addFlavor(flavor);
  const stacks = [
    addStack(sandbox, 'cluster_0', 'cfd-jumpstart'),
    addStack(sandbox, 'by_hand', 'jupyterlab-jumpstart'),
    addStack(sandbox, 'by_hand_too'),
  ];
  const [ordered, byHand] = stacks;
  const { portal, close } = sessionsOn(sandbox.config);
  const service = new ServiceOf2024(portal, sandbox);
  await service.addTemplates();
  if (ordered) await service.addRack(ordered, 'c0ffee00-0000-4000-8000-000000000001');
  if (byHand) await service.addRack(byHand, null);
  return {
    ...scenario,
    stacks,
    service,
    async [Symbol.asyncDispose]() {
      await close();
      await scenario[Symbol.asyncDispose]();
    },
  };
}

/** A stack that says nothing, with a group of two servers. */
function addGroup({ cloud, population }: Sandbox, name: string): Stack {
  const [account] = population.accounts;
  const [flavor] = flavors;
  if (!account || !flavor) throw new Error('The sandbox has no account.');
  const member = (index: number) =>
    server({ name: `node${index}.${name}.alces.network`, flavor, addresses: [], imageId: '' });
  const { project, user: owner } = account;
  const resources = { nodes: resourceGroup(2, member) };
  const template = { description: '', parameters: {}, resources, outputs: [] };
  const stack = cloud.orchestration.createStack({ name, project, owner, template });
  cloud.settle();
  return stack;
}

/** What must stay as it is. */
function lasting({ portal }: Sandbox) {
  const places = portal.devices
    .all()
    .map(({ id, name, kind, rack_id, start_u, end_u, template_id }) =>
      [id, name, kind, rack_id, start_u, end_u, template_id].join(' '),
    );
  return {
    racks: portal.racks
      .all()
      .map(({ id, name, u_height, cluster_type }) => [id, name, u_height, cluster_type].join(' '))
      .sort(),
    devices: places.sort(),
    templates: portal.templates
      .all()
      .map(({ id, name, height }) => `${id} ${name} ${height}`)
      .sort(),
  };
}

describe.each(['1.2', 'main', 'next'] as const)('a portal of release %s', (release) => {
  test('keeps names, places, heights and orders, and lacks only the rack that was refused', async () => {
    await using scenario = await startFilled(release);
    const { sandbox, stacks } = scenario;
    const { portal } = sandbox;
    const before = lasting(sandbox);

    const first = await scenario.run();
    const second = await scenario.run();

    const after = lasting(sandbox);
    expect(first.failures).toEqual([]);
    expect(before.devices).toHaveLength(2 * (2 * sizes.length + 2));
    expect(first.changes).toEqual({
      'create-rack': 1,
      'create-device': 2 * sizes.length + 2,
      'update-rack': before.racks.length,
      'update-device': before.devices.length,
      'update-template': sizes.length,
    });
    for (const rows of ['racks', 'devices', 'templates'] as const)
      expect(after[rows]).toEqual(expect.arrayContaining(before[rows]));
    expect(after.templates).toHaveLength(before.templates.length);
    const { orders } = profiles[release];
    expect(
      Object.fromEntries(
        portal.racks.all().map((rack) => [rack.name, orders ? rack.order_id : rack.cluster_type]),
      ),
    ).toEqual({
      'cluster-0': orders ? 'c0ffee00-0000-4000-8000-000000000001' : 'cfd-jumpstart',
      'by-hand': orders ? stacks[1]?.id : 'jupyterlab-jumpstart',
      by_hand_too: orders ? stacks[2]?.id : 'slurm-standalone',
    });
    expect(outOfStep(sandbox)).toEqual([]);
    expect(second.changes).toEqual({});
  });

  test('has of each device what the cloud says where there were words of Python', async () => {
    await using scenario = await startFilled(release);
    const { portal, cloud } = scenario.sandbox;
    const wrong = () =>
      portal.devices
        .all()
        .flatMap(({ name, ssh_key: key, volume_details: volumes, details }) =>
          [key, typeof volumes === 'string' && volumes, ...Object.values(details)].some(
            (value) => value === 'None' || value === '[]',
          )
            ? [name]
            : [],
        );
    const networks = () => portal.devices.all().filter(({ kind }) => kind === 'Network');
    const before = { wrong: wrong().length, mtu: networks().map(({ details }) => details['mtu']) };

    await scenario.run();

    expect(before).toEqual({ wrong: 2 * sizes.length, mtu: [0, 0] });
    expect(wrong()).toEqual([]);
    const mtus = [...cloud.networking.networks.values()].flatMap(({ name, mtu }) =>
      name.endsWith('.network') ? [mtu] : [],
    );
    expect(networks().map(({ details }) => details['mtu'])).toEqual(mtus);
  });

  test('gives a new server the height of the template that is there', async () => {
    await using scenario = await startFilled(release);
    const { sandbox } = scenario;
    await scenario.run();

    addStack(sandbox, 'later');
    const report = await scenario.run();

    const { portal } = sandbox;
    expect(report.changes).toEqual({ 'create-rack': 1, 'create-device': 2 * sizes.length + 2 });
    expect(outOfStep(sandbox)).toEqual([]);
    const rack = portal.racks.all().find(({ name }) => name === 'later');
    const heights = portal
      .devicesIn(rack?.id ?? 0)
      .filter(({ kind }) => kind === 'Instance')
      .map(({ name, start_u: start, end_u: end }) => [name.slice(0, 6), end - start + 1]);
    expect(Object.fromEntries(heights)).toEqual(
      Object.fromEntries(flavors.map((flavor, at) => [`node0${at}`, heightOf2024(flavor)])),
    );
  });

  test('goes back to that service and comes again: nothing is lost, and nothing is there twice', async () => {
    await using scenario = await startFilled(release);
    const { sandbox, service } = scenario;
    await scenario.run();
    const group = addGroup(sandbox, 'group');
    await scenario.run();
    const before = lasting(sandbox);

    const back = await service.sync();
    const rolledBack = lasting(sandbox);
    sandbox.cloud.orchestration.resizeGroup(group.id, 'nodes', 3);
    sandbox.cloud.settle();
    const grown = await service.sync();
    const filled = lasting(sandbox);
    const again = await scenario.run();

    expect(before.racks).toHaveLength(4);
    expect(back).toEqual([]);
    expect(rolledBack).toEqual(before);
    expect(grown).toEqual(['POST nodes node2-group-alces-network']);
    expect(Object.keys(again.changes).filter((kind) => !kind.startsWith('update-'))).toEqual([]);
    expect(lasting(sandbox)).toEqual(filled);
    expect(outOfStep(sandbox)).toEqual([]);
  });
});
