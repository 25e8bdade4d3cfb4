/** A site without a billing platform, with every release of the portal: from the sign-up to the end of a cluster. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { NoPlatform } from '../../src/billing/none.ts';
import { type Release, releases } from '../../src/concertim/profile.ts';
import { hasKinds, releaseRules } from '../../src/sandbox/portal/release-rules.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { startApi } from '../support/api.ts';
import { ownCredentials } from '../support/api-cloud.ts';
import { PortalJobs } from '../support/portal-jobs.ts';
import { startScenario } from '../support/scenario.ts';

const hourMs = 3_600_000;
const freeCredits = 40;

async function startSite(release: Release) {
  const dataDir = mkdtempSync(join(tmpdir(), 'no-platform-'));
  const config = { data_dir: dataDir, billing: { free_credits: freeCredits } };
  const scenario = await startScenario({ release, projects: 0, stacks: 0, config });
  const { sandbox, clock } = scenario;
  // As the component that serves the API does it, in a process of its own.
  const billing = new NoPlatform({ dataDir, freeCredits, clock });
  const api = await startApi({
    authUrls: [sandbox.config.openstack.auth_url],
    credentials: ownCredentials(sandbox),
    billing,
  });
  onTestFinished(async () => {
    await api[Symbol.asyncDispose]();
    await scenario[Symbol.asyncDispose]();
    rmSync(dataDir, { recursive: true, force: true });
  });
  return { ...scenario, scenario, billing, jobs: new PortalJobs(sandbox, api) };
}

const stored = (release: Release, credits: number) =>
  releaseRules[release].launchCredits === undefined ? 0 : credits;
const ordersOf = ({ portal }: Sandbox) => new Set(portal.racks.all().map(({ order_id }) => order_id));
/** The orders of a stack's racks: the first has the id itself, the further ones a number as well. */
const numbered = (id: string, racks: number) =>
  Array.from({ length: racks }, (_, at) => (at === 0 ? id : `${id}/${at + 1}`));
/**
 * What a cluster of 80 servers takes in the portal; portals with kinds show its volumes and its network as
 * well.
 */
const shownOf80 = (release: Release) =>
  hasKinds(releaseRules[release]) ? { devices: 161, racks: 6 } : { devices: 80, racks: 4 };
const wantsOrders = (release: Release) => releaseRules[release].orders;

describe.each(releases)('with a portal of release %s', (release) => {
  test('a user signs up, launches a cluster of several racks, sees it, and destroys it', async () => {
    const { scenario, sandbox, billing, jobs, clock } = await startSite(release);
    const { portal, cloud } = sandbox;
    const nina = await jobs.signUp('nina');
    await scenario.run();
    expect(portal.users.get(nina.id)?.credits).toBe(stored(release, freeCredits));

    const { stackId, order } = await jobs.launch(nina, 80);
    const shown = await scenario.run();
    const still = await scenario.run();

    expect(shown.failures).toEqual([]);
    expect(still.changes).toEqual({});
    const { devices, racks } = shownOf80(release);
    expect(portal.devices.size).toBe(devices);
    expect(ordersOf(sandbox)).toEqual(
      new Set(wantsOrders(release) ? numbered(order ?? stackId, racks) : [null]),
    );
    expect(portal.racks.size).toBe(racks);

    cloud.orchestration.deleteStack(stackId);
    await scenario.run();
    await clock.sleep(hourMs / 6);
    await scenario.run();

    expect(portal.racks.size + portal.devices.size).toBe(0);
    expect(await billing.orders()).toEqual([]);
  });

  test('credits are lifted once: what an administrator sets afterwards stays, more as well as less', async () => {
    const { scenario, sandbox, jobs } = await startSite(release);
    const { users } = sandbox.portal;
    const nina = await jobs.signUp('nina');
    await scenario.run();
    const nils = await jobs.signUp('nils');
    users.update(nina.id, { credits: 3 });
    users.update(nils.id, { credits: 1_000 });

    await scenario.run();
    await scenario.restart();
    await scenario.run();

    // Release 1.1 hides credits: there the service cannot see that a user has more than the free ones.
    expect(users.get(nils.id)?.credits).toBe(release === '1.1' ? freeCredits : 1_000);
    expect(users.get(nina.id)?.credits).toBe(3);
  });
});

test.each([
  { credits: 24.99, problem: /has 24.99 credits, a cluster needs 25/ },
  { credits: 25, problem: undefined },
])('with $credits credits a portal of release main launches: $problem', async ({ credits, problem }) => {
  const { scenario, sandbox, jobs } = await startSite('main');
  const nina = await jobs.signUp('nina');
  await scenario.run();
  sandbox.portal.users.update(nina.id, { credits });

  const launched = await jobs.launch(nina, 2).then(
    () => undefined,
    ({ message }: Error) => message,
  );

  if (problem) expect(launched).toMatch(problem);
  else expect(launched).toBeUndefined();
});

test('a rack that was made before its order was known gets the order, and a second rack a number of it', async () => {
  const { scenario, sandbox, billing, jobs, clock } = await startSite('main');
  const nina = await jobs.signUp('nina');
  await scenario.run();
  const { stackId, order } = await jobs.launch(nina, 80);
  for (const { id } of await billing.orders()) await billing.closeOrder(id);
  await clock.sleep(hourMs / 60);
  await scenario.run();
  const { racks } = shownOf80('main');
  expect(ordersOf(sandbox)).toEqual(new Set(numbered(stackId, racks)));

  const late = await billing.openOrder(nina.billing_acct_id as never, 'late');
  await billing.tagOrder(late, 'openstack_stack_id', stackId);
  await clock.sleep(hourMs / 60);
  const report = await scenario.run();

  expect(report.failures).toEqual([]);
  expect(report.changes).toEqual({ 'update-rack': racks });
  expect(ordersOf(sandbox)).toEqual(new Set(numbered(late, racks)));
  expect(late).not.toBe(order);
});
