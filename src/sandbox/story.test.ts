import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../test/support/manual-clock.ts';
import { seededRandom } from '../runtime/random.ts';
import { Cloud } from './cloud/cloud.ts';
import { treeOf } from './cloud/stack.ts';
import { Population } from './population.ts';
import { Story } from './story.ts';

/** Steps 5 seconds apart, while what they began goes on. */
function tell(seed: number, steps: number) {
  const clock = new ManualClock();
  const cloud = new Cloud({
    clock,
    seed,
    pace: 1,
    tokenLifetimeS: 3_600,
    stackSchedulerHints: false,
    maxNestedStackDepth: 5,
    heatGlobalIndex: false,
    adminContext: true,
    microversion: '2.100',
  });
  const size = { projects: 3, stacks: 8, servers: 4 };
  const population = new Population(cloud, size, seededRandom(seed));
  const story = new Story(population, { random: seededRandom(seed + 1), ...size });
  const told = Array.from({ length: steps }, () => {
    clock.advance(5_000);
    cloud.advance();
    return story.step();
  });
  return { cloud, told, size };
}

test('the same seed tells the same story, to the ids; another seed another one', () => {
  const ids = (cloud: Cloud) =>
    [...cloud.compute.servers()].map(({ id, name, vmState }) => [id, name, vmState]);
  const [first, again, other] = [tell(1, 60), tell(1, 60), tell(2, 60)];

  expect(again.told).toEqual(first.told);
  expect(ids(again.cloud)).toEqual(ids(first.cloud));
  expect(other.told).not.toEqual(first.told);
});

describe('a long story', () => {
  const { cloud, told, size } = tell(7, 1_500);

  test('has everything in it that can happen', () => {
    const kinds = new Set(told.map((step) => step.split(' ')[0]));

    const stacks = 'create grow shrink delete suspend resume';
    const servers = 'stop start hardReboot pause unpause resize confirmResize fail rename give take';
    const others = 'break mend open shut';
    for (const kind of `${stacks} ${servers} ${others}`.split(' ')) expect(kinds).toContain(kind);
    expect(told.filter((step) => step === 'nothing').length).toBeLessThan(told.length / 20);
  });

  test('neither empties the cloud nor overflows it', () => {
    const roots = [...cloud.orchestration.stacks()].filter(({ parent }) => !parent);

    expect(roots.length).toBeGreaterThanOrEqual(size.stacks - 1);
    expect(roots.length).toBeLessThanOrEqual(size.stacks + 1);
    expect(cloud.compute.serverCount).toBeGreaterThan(size.stacks);
    expect(cloud.compute.serverCount).toBeLessThan(size.stacks * size.servers * 5);
  });

  test('leaves Heat and Nova agreeing about which servers there are', () => {
    cloud.settle();

    const ofStacks = [...cloud.orchestration.stacks()]
      .filter(({ parent }) => !parent)
      .flatMap((stack) => cloud.orchestration.serversOf(stack))
      .map(({ id }) => id);

    expect(ofStacks.sort()).toEqual([...cloud.compute.servers()].map(({ id }) => id).sort());
    expect(new Set(ofStacks).size).toBe(ofStacks.length);
  });

  test('leaves Heat, Cinder and Neutron agreeing about which volumes and networks there are', () => {
    cloud.settle();

    const resources = [...cloud.orchestration.stacks()].flatMap(({ resources }) => resources);
    const idsOf = (type: string) =>
      resources.filter((resource) => resource.type === type).map(({ physicalId }) => physicalId);
    const networks = [...cloud.networking.networks.values()].filter(
      ({ isExternal, isShared }) => !isExternal && !isShared,
    );
    expect(idsOf('OS::Cinder::Volume').sort()).toEqual(
      [...cloud.blockStorage.volumes()].map(({ id }) => id).sort(),
    );
    expect(idsOf('OS::Neutron::Net').sort()).toEqual(networks.map(({ id }) => id).sort());
    for (const { status, attachments } of cloud.blockStorage.volumes()) {
      expect(['in-use', 'error']).toContain(status);
      expect(cloud.compute.server(attachments[0]?.serverId ?? '')).toBeDefined();
    }
  });

  test('leaves nothing under way for ever', () => {
    cloud.settle();

    expect([...cloud.compute.servers()].filter(({ taskState }) => taskState !== null)).toEqual([]);
    for (const stack of cloud.orchestration.stacks()) {
      expect(stack.result).not.toBe('IN_PROGRESS');
      expect(treeOf(stack).every(({ deletedAt }) => deletedAt === undefined)).toBe(true);
    }
  });
});
