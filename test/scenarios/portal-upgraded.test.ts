import { describe, expect, test } from 'vitest';
import { type Release, releases } from '../../src/concertim/profile.ts';
import { MigrationError } from '../../src/sandbox/portal/upgrade.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { outOfStep } from '../support/in-step.ts';
import { type Scenario, startScenario } from '../support/scenario.ts';

/**
 * An operator upgrades the portal while the service runs: `db:migrate` destroys racks, and in some releases
 * more.
 */

const byText = (a: string, b: string) => a.localeCompare(b);

const upgraded = ({ logged }: Scenario) =>
  logged.filter((line) => line.includes('"event":"portal-upgraded"')).map((line) => JSON.parse(line));

/** Gives each user a team, as administrators do after an upgrade to a release with teams. */
function giveTeams({ portal, population }: Sandbox): void {
  for (const { login, project } of population.accounts) {
    const user = portal.users.all().find((row) => row.login === login);
    if (user) portal.users.update(user.id, { team_name: `${user.login}_team`, project_id: project.id });
  }
}

describe.each<[Release, Release]>([
  ['0.2.3', '1.1'],
  ['1.2', 'main'],
])('from %s to %s', (from, to) => {
  test('the upgrade is noticed, and everything is created again', async () => {
    await using scenario = await startScenario({ release: from, stacks: 2 });
    await scenario.run();

    await scenario.sandbox.upgradePortal(to);
    const report = await scenario.run();
    const again = await scenario.run();

    expect(report.failures).toEqual([]);
    expect(report.release).toBe(to);
    expect(upgraded(scenario)).toMatchObject([{ before: from, release: to }]);
    expect(outOfStep(scenario.sandbox)).toEqual([]);
    expect(again.changes).toEqual({});
  });
});

test('what was created again three times within the hour is created once more after an upgrade', async () => {
  await using scenario = await startScenario({ release: '0.2.3', stacks: 2 });
  const { portal } = scenario.sandbox;
  await scenario.run();
  for (let times = 0; times < 3; times++) {
    for (const { id } of portal.devices.all()) portal.devices.remove(id);
    for (const { id } of portal.racks.all()) portal.racks.remove(id);
    await scenario.run();
  }

  await scenario.sandbox.upgradePortal('1.1');
  const report = await scenario.run();

  expect(report.changes).toMatchObject({ 'create-rack': 2 });
  expect(report.contested).toEqual([]);
  expect(outOfStep(scenario.sandbox)).toEqual([]);
});

test('to a release with teams everything is created again once the teams have projects', async () => {
  await using scenario = await startScenario({ release: '1.1', stacks: 2 });
  const { sandbox } = scenario;
  await scenario.run();

  await expect(sandbox.upgradePortal('1.2')).rejects.toThrow(MigrationError);
  await sandbox.upgradePortal('1.2');
  const withoutTeams = await scenario.run();
  giveTeams(sandbox);
  const filled = await scenario.run();

  expect(withoutTeams.failures).toEqual([]);
  expect(withoutTeams.changes).not.toHaveProperty('create-rack');
  expect(filled.failures).toEqual([]);
  expect(filled.changes).toMatchObject({ 'create-rack': 2 });
  expect(upgraded(scenario)).toHaveLength(1);
  expect(outOfStep(sandbox)).toEqual([]);
});

test('one service sees a portal through all its releases: nothing is lost, and nothing is there twice', async () => {
  await using scenario = await startScenario({ release: '0.2.3', stacks: 3, servers: 2 });
  const { sandbox } = scenario;
  const { portal, upgradePortal } = sandbox;
  const shown = () => ({
    racks: portal.racks
      .all()
      .map(({ name }) => name)
      .sort(byText),
    servers: portal.devices
      .all()
      .filter(({ kind }) => kind === 'Instance')
      .map(({ metadata }) => String(metadata['openstack_instance_id']))
      .sort(byText),
  });
  await scenario.run();
  const before = shown();
  expect(before).toMatchObject({ racks: { length: 3 }, servers: { length: 6 } });

  await upgradePortal('1.1');
  expect(portal.racks.size).toBe(0);
  await inStepAgain();
  // The first try deletes the racks before it fails. The service then fills the old release, so the next try
  // fails too.
  await expect(upgradePortal('1.2')).rejects.toThrow(MigrationError);
  await inStepAgain();
  await expect(upgradePortal('1.2')).rejects.toThrow(MigrationError);
  await upgradePortal('1.2');
  await scenario.run();
  giveTeams(sandbox);
  await inStepAgain();
  const ids = new Set(portal.devices.all().map(({ id }) => id));
  await upgradePortal('main');
  await inStepAgain();

  // The last upgrade deletes nothing, so the service created nothing.
  expect(new Set(portal.devices.all().map(({ id }) => id))).toEqual(ids);
  expect(upgraded(scenario).map(({ before: from, release }) => [from, release])).toEqual([
    ['0.2.3', '1.1'],
    ['1.1', '1.2'],
    ['1.2', 'main'],
  ]);

  async function inStepAgain(): Promise<void> {
    const report = await scenario.run();
    expect(report.failures).toEqual([]);
    expect(shown()).toEqual(before);
    expect(outOfStep(sandbox)).toEqual([]);
    expect((await scenario.run()).changes).toEqual({});
  }
});

test('the last migrations stop where there are devices, and pass where there are none', async () => {
  await using scenario = await startScenario({ release: 'main' });
  const { sandbox } = scenario;
  await scenario.run();

  await expect(sandbox.upgradePortal('next')).rejects.toThrow(MigrationError);
  const undisturbed = await scenario.run();
  for (const { id } of sandbox.portal.devices.all()) sandbox.portal.devices.remove(id);
  await sandbox.upgradePortal('next');
  const filled = await scenario.run();

  expect(undisturbed.changes).toEqual({});
  expect(filled).toMatchObject({ release: 'next', failures: [] });
  expect(outOfStep(sandbox)).toEqual([]);
});

test('a run while the portal is down fails, and the first one after it fills the portal', async () => {
  await using scenario = await startScenario({ release: '0.2.3' });
  await scenario.run();

  await scenario.sandbox.upgradePortal('1.1', async () => {
    expect(await scenario.tryRun()).toBeUndefined();
  });
  const report = await scenario.run();

  expect(report).toMatchObject({ release: '1.1', failures: [] });
  expect(outOfStep(scenario.sandbox)).toEqual([]);
});

test('an upgrade in the middle of a run ends that run, and the next one reads the portal again', async () => {
  await using scenario = await startScenario({ release: '0.2.3', projects: 2, stacks: 40, servers: 2 });
  const { faults, upgradePortal } = scenario.sandbox;
  let made = 0;
  let upgrade: Promise<void> | undefined;
  faults.add({
    service: 'concertim',
    method: 'POST',
    path: /racks$/,
    kind: 'rewrite',
    rewrite: (body) => {
      made += 1;
      if (made === 10) upgrade = upgradePortal('1.1');
      return body;
    },
  });

  const report = await scenario.run();
  await upgrade;
  const filled = await scenario.run();

  expect(report.untried).toBeGreaterThan(0);
  expect(filled).toMatchObject({ release: '1.1', failures: [] });
  expect(outOfStep(scenario.sandbox)).toEqual([]);
});

test('a portal that became another release between two runs is noticed by its rows alone', async () => {
  await using scenario = await startScenario({ release: '1.2' });
  await scenario.run();

  scenario.sandbox.portal.become('main');
  await scenario.sandbox.services.concertim.restart(async () => undefined);
  const report = await scenario.run();

  expect(report.release).toBe('main');
  expect(report.changes).toEqual({});
});

test.each(releases)('after a restart the rows show that the portal still has release %s', async (release) => {
  await using scenario = await startScenario({ release });
  await scenario.run();

  await scenario.restart();
  const report = await scenario.run();

  expect(report).toMatchObject({ release, changes: {}, requests: { Concertim: 4 } });
});

test.each<[Release, Release]>([
  ['0.2.3', '1.1'],
  ['1.2', 'main'],
])('an upgrade from %s to %s while the service is stopped is noticed at its start', async (from, to) => {
  await using scenario = await startScenario({ release: from, stacks: 2 });
  await scenario.run();

  await scenario.sandbox.upgradePortal(to);
  await scenario.restart();
  const report = await scenario.run();

  expect(report).toMatchObject({ release: to, failures: [] });
  expect(outOfStep(scenario.sandbox)).toEqual([]);
});

test('a portal whose rows fit several releases is recognized at each start', async () => {
  await using scenario = await startScenario({ release: '1.2', stacks: 0 });
  await scenario.run();

  scenario.sandbox.portal.become('main');
  await scenario.sandbox.services.concertim.restart(async () => undefined);
  await scenario.restart();

  expect(await scenario.run()).toMatchObject({ release: 'main', failures: [] });
});

test('there is no upgrade from the first release', async () => {
  await using scenario = await startScenario({ release: '0.2.1' });

  await expect(scenario.sandbox.upgradePortal('0.2.3')).rejects.toThrow('cannot be upgraded');
});
