import { describe, expect, test } from 'vitest';
import { releases } from '../../src/concertim/profile.ts';
import { hasKinds, releaseRules } from '../../src/sandbox/portal/release-rules.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { outOfStep } from '../support/in-step.ts';
import { startScenario } from '../support/scenario.ts';

/** The release `next` takes no rack without a type of cluster that it has, nor without the time of its stack. */

/** A stack from no template of cluster builder; `parameters` and `output` may name a type of cluster. */
function addStack(
  { cloud, population }: Sandbox,
  {
    name = 'made-by-hand',
    parameters = {},
    output,
  }: { name?: string; parameters?: Record<string, string>; output?: string } = {},
) {
  const [account] = population.accounts;
  if (!account) throw new Error('no account');
  const outputs = [
    { key: 'concertim_cluster_type', description: '', value: () => output ?? null },
    { key: 'web_access', description: '', value: () => 'https://a/?b=c' },
  ];
  return cloud.orchestration.createStack({
    name,
    project: account.project,
    owner: account.user,
    template: { description: '', parameters, resources: {}, outputs },
  });
}

const typesOf = ({ portal }: Sandbox) => portal.racks.all().map((rack) => rack.cluster_type);

describe('the type of a cluster', () => {
  test.each([
    ['its parameter', { parameters: { 'cluster-type': 'cfd-jumpstart' } }, 'cfd-jumpstart'],
    ['its output', { output: 'jupyterlab-jumpstart' }, 'jupyterlab-jumpstart'],
    [
      'its parameter rather than its output',
      { parameters: { 'cluster-type': 'cfd-jumpstart' }, output: 'jupyterlab-jumpstart' },
      'cfd-jumpstart',
    ],
    ['the configuration, where it says nothing', {}, 'slurm-standalone'],
  ])('is that of %s', async (_, stack, type) => {
    await using scenario = await startScenario({
      release: 'next',
      stacks: 0,
      config: ({ config }) => ({
        concertim: { ...config.concertim, default_cluster_type: 'slurm-standalone' },
      }),
    });
    addStack(scenario.sandbox, stack);

    const report = await scenario.run();
    const again = await scenario.run();

    expect(report.failures).toEqual([]);
    expect(typesOf(scenario.sandbox)).toEqual([type]);
    expect(again.changes).toEqual({});
  });

  test('where nothing says it the failure says what to set, and is this one stack’s', async () => {
    await using scenario = await startScenario({
      release: 'next',
      stacks: 1,
      config: ({ config: { concertim } }) => ({
        concertim: { ...concertim, default_cluster_type: undefined },
      }),
    });
    addStack(scenario.sandbox);

    const report = await scenario.run();

    expect(report.failures).toHaveLength(1);
    expect(report.failures[0]?.error).toMatchObject({
      hint: expect.stringContaining('concertim.default_cluster_type'),
    });
    expect(typesOf(scenario.sandbox)).toHaveLength(1);
  });

  test('where nothing says it, each of three stacks is logged once, and again when the reason changes', async () => {
    await using scenario = await startScenario({
      release: 'next',
      stacks: 0,
      config: ({ config: { concertim } }) => ({
        concertim: { ...concertim, default_cluster_type: undefined },
      }),
    });
    for (const name of ['a', 'b', 'c']) addStack(scenario.sandbox, { name });
    const warned = () => scenario.logged.filter((line) => line.includes('"level":"warn"')).length;

    await scenario.run();
    const first = warned();
    await scenario.run();
    await scenario.run();
    const stays = warned();
    scenario.sandbox.faults.add({
      service: 'concertim',
      path: /racks/,
      method: 'POST',
      kind: 'answer',
      status: 403,
      times: 3,
    });
    await scenario.run();

    // One for each, and the summary.
    expect(first).toBe(4);
    expect(stays).toBe(4);
    // For another reason.
    expect(warned()).toBe(7);
  });

  test.each(['0.2.3', '1.1', '1.2', 'main'] as const)('is not requested by %s', async (release) => {
    await using scenario = await startScenario({ release, stacks: 0 });
    addStack(scenario.sandbox);

    const report = await scenario.run();

    expect(report.failures).toEqual([]);
    expect(scenario.sandbox.portal.racks.size).toBe(1);
  });

  test('a stack that is still being created has its rack at once', async () => {
    await using scenario = await startScenario({ release: 'next', stacks: 0, pace: 1_000 });
    const { population } = scenario.sandbox;
    const [account] = population.accounts;
    if (account) population.addCluster(account, { servers: 2 });

    const report = await scenario.run();

    expect(report.failures).toEqual([]);
    expect(scenario.sandbox.portal.racks.all().map(({ status }) => status)).toEqual(['IN_PROGRESS']);
  });
});

test('a rack of servers without a stack is as old as the first of them', async () => {
  await using scenario = await startScenario({
    release: 'next',
    stacks: 0,
    config: ({ config }) => ({
      updates: { standalone_servers: 'rack' },
      concertim: { ...config.concertim, default_cluster_type: 'slurm-standalone' },
    }),
  });
  const { cloud, population, portal } = scenario.sandbox;
  const [account] = population.accounts;
  const flavor = [...cloud.compute.flavors.values()].find(({ name }) => name === 'm1.tiny');
  if (!account || !flavor) throw new Error('no account, or no flavor');
  const projectId = account.project.id;
  const draft = { projectId, userId: account.user.id, flavor };
  for (const name of ['first', 'second']) {
    cloud.compute.createServer({ ...draft, name });
    await scenario.clock.sleep(60_000);
  }

  await scenario.run();

  const first = [...cloud.compute.servers()].find(({ name }) => name === 'first');
  const [rack] = portal.racks.all();
  expect(Date.parse(rack?.cloud_created_at ?? '')).toBe(Math.floor((first?.createdAt ?? 0) / 1_000) * 1_000);
});

test.each(releases.filter((release) => hasKinds(releaseRules[release])))(
  'the templates of networks and volumes that %s brings with it are left alone',
  async (release) => {
    await using scenario = await startScenario({ release });
    const { portal } = scenario.sandbox;
    const tagged = () => portal.templates.all().filter(({ tag }) => tag !== null);
    for (const { id, tag } of tagged()) portal.templates.update(id, { name: `${tag} of ours` });

    const report = await scenario.run();
    const again = await scenario.run();

    expect(report.failures).toEqual([]);
    expect(tagged().map(({ name }) => name)).toEqual(['network of ours', 'volume of ours']);
    expect(again.changes).toEqual({});
  },
);

test.each(releases.filter((release) => hasKinds(releaseRules[release])))(
  'the templates of networks and volumes that somebody deleted, devices and all, are made again for %s',
  async (release) => {
    await using scenario = await startScenario({ release });
    const { portal } = scenario.sandbox;
    await scenario.run();
    const tagged = () => portal.templates.all().filter(({ tag }) => tag !== null);
    const before = tagged().map(({ tag, height }) => ({ tag, height }));
    const ids = new Set(tagged().map(({ id }) => id));
    for (const device of portal.devices.all())
      if (ids.has(device.template_id)) portal.devices.remove(device.id);
    for (const id of ids) portal.templates.remove(id);

    const report = await scenario.run();
    const again = await scenario.run();

    expect(report.failures).toEqual([]);
    expect(report.changes).toMatchObject({ 'create-template': 2 });
    const byTag = (a: { readonly tag: string | null }, b: { readonly tag: string | null }) =>
      String(a.tag).localeCompare(String(b.tag));
    expect(
      tagged()
        .map(({ tag, height }) => ({ tag, height }))
        .sort(byTag),
    ).toEqual(before.sort(byTag));
    expect(outOfStep(scenario.sandbox)).toEqual([]);
    expect(again.changes).toEqual({});
  },
);
