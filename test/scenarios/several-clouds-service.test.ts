import { expect, test } from 'vitest';
import type { Status } from '../../src/observability/status.ts';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import type { SandboxCloud } from '../../src/sandbox/sandbox-cloud.ts';
import { outOfStep } from '../support/in-step.ts';
import { startObserved } from '../support/observed.ts';
import { takeDown } from '../support/two-clouds.ts';

test('the whole service shows two clouds of 1,000 servers each, and says since when one is away', {
  timeout: 180_000,
}, async () => {
  await using sandbox = await startSandbox({
    projects: 4,
    stacks: 40,
    servers: 25,
    pace: 0,
    clouds: ['north', 'south'],
  });
  const south = sandbox.clouds[1] as SandboxCloud;
  await using observed = await startObserved(sandbox, ['updates_bulk', 'metrics', 'api'], {
    updates: { interval: 5 },
  });
  const status = async () => (await (await observed.ask('/status'))?.json()) as Status;

  const first = await observed.saw('concertim_openstack_cloud_read{cloud="south"} 1');
  expect(first).toContain('concertim_openstack_objects{kind="servers",cloud="north"} 1000');
  expect(first).toContain('concertim_openstack_objects{kind="servers",cloud="south"} 1000');
  expect(outOfStep(sandbox)).toEqual([]);

  const bringBack = takeDown(south);
  await observed.saw('concertim_openstack_cloud_read{cloud="south"} 0');
  const { components, updates, sources } = await status();
  expect(updates?.clouds).toMatchObject([
    { name: 'north', away: null },
    { name: 'south', away: {} },
  ]);
  const { since } = updates?.clouds[1]?.away ?? {};
  expect(components[0]).toMatchObject({ ready: true, failing: true });
  expect(components[0]?.status).toContain(`cloud south not read since ${since}: `);
  const novas = sources.filter(({ service }) => service === 'Nova').map(({ cloud }) => cloud);
  expect(new Set(novas)).toEqual(new Set(['north', 'south']));

  bringBack();
  await observed.saw('concertim_openstack_cloud_read{cloud="south"} 1');
  expect((await status()).updates?.clouds.map(({ away }) => away)).toEqual([null, null]);
  expect(outOfStep(sandbox)).toEqual([]);
});
