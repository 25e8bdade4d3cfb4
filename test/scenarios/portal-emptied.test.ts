import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { ProjectId } from '../../src/openstack/model.ts';
import { DepartingProjects } from '../../src/operations/departing-projects.ts';
import { outOfStep } from '../support/in-step.ts';
import { startScenario } from '../support/scenario.ts';

const emptied = 'portal lost all racks, creating them again';

test('a portal that lost all its racks, as in an upgrade, is filled again, with one line', async () => {
  await using scenario = await startScenario({ stacks: 2 });
  const { portal } = scenario.sandbox;
  await scenario.run();
  for (const { id } of portal.devices.all()) portal.devices.remove(id);
  for (const { id } of portal.racks.all()) portal.racks.remove(id);

  await scenario.run();
  await scenario.run();

  expect(outOfStep(scenario.sandbox)).toEqual([]);
  expect(scenario.logged.filter((line) => line.includes(emptied))).toHaveLength(1);
});

test.each([
  { lost: 'everything', templates: true, again: 6 },
  { lost: 'its racks alone, as by another writer,', templates: false, again: 3 },
])('a portal that loses $lost six times within an hour is filled again $again times', async (situation) => {
  await using scenario = await startScenario({ stacks: 2 });
  const { portal } = scenario.sandbox;
  await scenario.run();
  let again = 0;
  for (let times = 0; times < 6; times++) {
    for (const { id } of portal.devices.all()) portal.devices.remove(id);
    for (const { id } of portal.racks.all()) portal.racks.remove(id);
    if (situation.templates)
      for (const { id, foreign_id } of portal.templates.all()) if (foreign_id) portal.templates.remove(id);
    if ((await scenario.run()).changes['create-rack'] === 2) again++;
  }

  expect(again).toBe(situation.again);
});

test('a project whose deletion the portal has requested gets no new racks for an hour', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'departing-'));
  try {
    await using scenario = await startScenario({ projects: 1, stacks: 1, config: { data_dir: dataDir } });
    const { portal, population } = scenario.sandbox;
    const [account] = population.accounts;
    const departing = new DepartingProjects({ dataDir, clock: scenario.clock });
    await departing.add((account?.project.id ?? '') as ProjectId);

    await scenario.run();
    const whileLeaving = portal.racks.size;
    await scenario.clock.sleep(3_600_001);
    await scenario.run();

    expect(whileLeaving).toBe(0);
    expect(portal.racks.size).toBe(1);
  } finally {
    rmSync(dataDir, { recursive: true });
  }
});

test.each(['1.1', 'main'] as const)(
  'without a billing platform owners of a portal %s get free credits, once',
  async (release) => {
    const dataDir = mkdtempSync(join(tmpdir(), 'credits-'));
    try {
      const config = { data_dir: dataDir, billing: { free_credits: 40 } };
      await using scenario = await startScenario({ release, projects: 1, stacks: 1, config });
      const given = () => scenario.logged.filter((line) => line.includes('free credits given'));

      await scenario.run();
      await scenario.run();

      expect(given()).toHaveLength(1);
      expect(given()[0]).toContain('"credits":40');
      expect(
        scenario.logged.filter((line) =>
          line.includes('failed to update cost and credits of owner, will retry'),
        ),
      ).toEqual([]);
    } finally {
      rmSync(dataDir, { recursive: true });
    }
  },
);
