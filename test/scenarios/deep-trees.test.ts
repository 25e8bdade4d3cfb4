import { expect, test } from 'vitest';
import type { Flavor } from '../../src/sandbox/cloud/compute.ts';
import { nestedStack, type Resources, server } from '../../src/sandbox/cloud/template.ts';
import { startScenario } from '../support/scenario.ts';

const flavor: Flavor = { id: '1', name: 'm1.tiny', vcpus: 1, ram: 512, disk: 1, isPublic: true };

/** A server at each level, from the root down. */
function levels(depth: number, at = 0): Resources {
  return {
    node: server({ name: `level${at}`, flavor, addresses: [], imageId: 'image' }),
    ...(at < depth ? { below: nestedStack('below.yaml', levels(depth, at + 1)) } : {}),
  };
}

test.each([5, 6, 120])(
  'a tree that is %d levels deep is shown whole, for two requests to Heat',
  async (depth) => {
    await using scenario = await startScenario({ stacks: 0, maxNestedStackDepth: depth });
    const { cloud, population, portal } = scenario.sandbox;
    const [account] = population.accounts;
    if (!account) throw new Error('The sandbox has no account.');
    const { project, user: owner } = account;
    const template = { description: '', parameters: {}, resources: levels(depth), outputs: [] };
    const root = cloud.orchestration.createStack({ name: 'deep', project, owner, template });
    cloud.settle();

    const report = await scenario.run();

    expect(report.failures).toEqual([]);
    const names = portal.devices.all().map(({ name }) => name);
    expect(names.toSorted()).toEqual(
      Array.from({ length: depth + 1 }, (_, level) => `level${level}`).toSorted(),
    );
    expect(portal.racks.all()).toHaveLength(Math.ceil((depth + 1) / 72));
    const ofStack = scenario.sandbox.services.heat.seen.filter(({ url }) => url.includes(root.id));
    expect(ofStack).toHaveLength(2);
  },
);
