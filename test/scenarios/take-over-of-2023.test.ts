/** A portal that the Python service of 2023 has filled, and fills again: the ways there and back, with what happens in between. */
import { describe, expect, test } from 'vitest';
import type { Flavor } from '../../src/sandbox/cloud/compute.ts';
import { type ResourceTemplate, resourceGroup, server } from '../../src/sandbox/cloud/template.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { outOfStep } from '../support/in-step.ts';
import { sessionsOn } from '../support/sandbox-sessions.ts';
import { type Scenario, startScenario } from '../support/scenario.ts';
import { ServiceOf2023 } from '../support/service-of-2023.ts';

/** Flavors with disks: the service of 2023 made no template of one without, because the portal refuses it. */
const flavors: readonly Flavor[] = [1, 2, 4, 8].map((vcpus) => ({
  id: `of-${vcpus}`,
  name: `m1.of${vcpus}`,
  vcpus,
  ram: 512,
  disk: 1,
  isPublic: true,
}));

/** A portal that the service of 2023 has filled. */
async function startFilled(): Promise<Scenario & { readonly service: ServiceOf2023 }> {
  const scenario = await startScenario({ release: '2023-08', stacks: 0 });
  const { compute } = scenario.sandbox.cloud;
  compute.flavors.clear();
  for (const flavor of flavors) compute.addFlavor(flavor);
  for (const name of ['cluster_0', 'by.hand']) addGroup(scenario.sandbox, name, 3);
  const { portal, close } = sessionsOn(scenario.sandbox.config);
  const service = new ServiceOf2023(portal, scenario.sandbox);
  await service.run();
  return {
    ...scenario,
    service,
    async [Symbol.asyncDispose]() {
      await close();
      await scenario[Symbol.asyncDispose]();
    },
  };
}

/** What must stay as it is. */
const lasting = ({ portal }: Sandbox) => ({
  racks: portal.racks
    .all()
    .map(({ id, name, u_height: height }) => [id, name, height].join(' '))
    .sort(),
  devices: portal.devices
    .all()
    .map(({ id, name, rack_id: rack, start_u: unit, template_id: template }) =>
      [id, name, rack, unit, template].join(' '),
    )
    .sort(),
  templates: portal.templates
    .all()
    .map(({ id, name, height }) => [id, name, height].join(' '))
    .sort(),
});

/** A stack with a group of that many servers, of each size or of one. */
function addGroup({ cloud, population }: Sandbox, name: string, count: number, sizes = flavors) {
  const [account] = population.accounts;
  if (!account) throw new Error('The sandbox has no account.');
  const member = (index: number): ResourceTemplate =>
    server({
      name: `node${index}.${name}.alces.network`,
      flavor: sizes[index % sizes.length] as Flavor,
      addresses: [],
      imageId: '',
    });
  const resources = { nodes: resourceGroup(count, member) };
  const { project, user: owner } = account;
  const template = { description: '', parameters: {}, resources, outputs: [] };
  const stack = cloud.orchestration.createStack({ name, project, owner, template });
  cloud.settle();
  return stack;
}

const beyondUpdates = ({ changes }: { readonly changes: Readonly<Record<string, number>> }) =>
  Object.keys(changes).filter((kind) => !kind.startsWith('update-'));

test('it is taken over, goes back and comes again: nothing is lost, and nothing is there twice', async () => {
  await using scenario = await startFilled();
  const { sandbox, service } = scenario;
  const filled = lasting(sandbox);

  const taken = await scenario.run();
  const takenOver = lasting(sandbox);
  // Higher than a rack can be: it gets two.
  const tall = addGroup(sandbox, 'tall', 19, flavors.slice(-1));
  const small = addGroup(sandbox, 'small_one', 2);
  await scenario.run();
  const ours = lasting(sandbox);
  const back = await service.run();
  const rolledBack = lasting(sandbox);
  sandbox.cloud.orchestration.resizeGroup(small.id, 'nodes', 3);
  sandbox.cloud.orchestration.deleteStack(tall.id);
  sandbox.cloud.settle();
  // The service of 2023 takes an updated stack for a failed one, and replaces its rack.
  const grown = await service.run();
  await service.run();
  const settled = await service.run();
  const filledAgain = lasting(sandbox);
  const again = await scenario.run();

  expect(filled.devices).toHaveLength(6);
  expect(beyondUpdates(taken)).toEqual([]);
  expect(takenOver).toEqual(filled);
  expect(ours.racks).toHaveLength(filled.racks.length + 3);
  expect(back).toEqual([]);
  expect(rolledBack).toEqual(ours);
  expect(grown).toContain('POST nodes node2-small-one-alces-network');
  expect(settled).toEqual([]);
  expect(beyondUpdates(again)).toEqual([]);
  expect(lasting(sandbox)).toEqual(filledAgain);
  expect(outOfStep(sandbox)).toEqual([]);
});

describe('a status that it has changed', () => {
  test('leaves an emptied rack beside the new one, if it was stopped before its next full run', async () => {
    await using scenario = await startFilled();
    const { sandbox, service } = scenario;
    const [stack] = [...sandbox.cloud.orchestration.stacks()].filter(({ name }) => name === 'cluster_0');
    sandbox.cloud.orchestration.suspendStack(stack?.id ?? '');
    sandbox.cloud.settle();
    const stopped = await service.run();

    const report = await scenario.run();

    const isEmptied = (row: { readonly metadata: object }) => Object.keys(row.metadata).length === 0;
    expect(stopped).toEqual([
      'PATCH racks cluster-0 STOPPED',
      ...[0, 1, 2].map((node) => `PATCH devices node${node}-cluster-0-alces-network SUSPENDED`),
    ]);
    expect(report.failures).toEqual([]);
    expect(report.changes).toMatchObject({ 'create-rack': 1, 'create-device': 3 });
    expect(sandbox.portal.racks.all().filter(isEmptied)).toMatchObject([{ name: 'cluster-0' }]);
    expect(sandbox.portal.devices.all().filter(isEmptied)).toHaveLength(3);
    expect(outOfStep(sandbox)).toEqual([]);
  });

  test('leaves nothing behind after its next full run', async () => {
    await using scenario = await startFilled();
    const { sandbox, service } = scenario;
    const [stack] = [...sandbox.cloud.orchestration.stacks()].filter(({ name }) => name === 'cluster_0');
    sandbox.cloud.orchestration.suspendStack(stack?.id ?? '');
    sandbox.cloud.settle();
    await service.run();
    await service.run();
    const filled = lasting(sandbox);

    const report = await scenario.run();

    expect(beyondUpdates(report)).toEqual([]);
    expect(lasting(sandbox)).toEqual(filled);
    expect(outOfStep(sandbox)).toEqual([]);
  });
});
