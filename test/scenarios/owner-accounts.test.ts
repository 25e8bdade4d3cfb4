/** What the portal shows of each owner's account; owners are users or teams, depending on the release. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Release, releases } from '../../src/concertim/profile.ts';
import { killBillLogin } from '../../src/sandbox/killbill/routes.ts';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/sandbox.ts';
import { startScenario } from '../support/scenario.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

async function start(options: SandboxOptions & { config?: (sandbox: Sandbox) => Record<string, unknown> }) {
  const dataDir = mkdtempSync(join(tmpdir(), 'owners-'));
  const scenario = await startScenario({
    projects: 2,
    stacks: 2,
    servers: 2,
    ...options,
    config: (sandbox) => ({ data_dir: dataDir, ...options.config?.(sandbox) }),
  });
  onTestFinished(async () => {
    await scenario[Symbol.asyncDispose]();
    rmSync(dataDir, { recursive: true, force: true });
  });
  await scenario.clock.sleep(30 * hourMs);
  /** A run in which no hour has ended: what waits for an answer lets this clock run on. */
  const run = async () => {
    for (;;) {
      const hour = hourOf(scenario.clock.now());
      const report = await scenario.run();
      if (hourOf(scenario.clock.now()) === hour) return report;
    }
  };
  return { ...scenario, run };
}

const hourOf = (ms: number) => Math.floor(ms / hourMs);
const people = ({ portal }: Sandbox) =>
  portal.users
    .all()
    .filter(({ root }) => !root)
    .toSorted((a, b) => a.id - b.id);
const costs = (sandbox: Sandbox) => people(sandbox).map(({ cost }) => cost);
const dates = (sandbox: Sandbox) =>
  people(sandbox).map(({ billing_period_start, billing_period_end }) => [
    billing_period_start,
    billing_period_end,
  ]);
const ownerWrites = ({ services }: Sandbox) =>
  services.concertim.seen.filter(({ method, url }) => method === 'PATCH' && /\/(users|teams)\//.test(url));

/** Worked out apart from the sandbox's CloudKitty: an hour of a vCPU is 0.05, and the last two hours are not rated. */
function rated({ cloud, population }: Sandbox, now: number): number[] {
  const at = new Date(now);
  const month = Date.UTC(at.getUTCFullYear(), at.getUTCMonth());
  const until = Math.floor((now - hourMs) / hourMs) * hourMs;
  return population.accounts.map(({ project }) => {
    let sum = 0;
    for (const { createdAt, flavor, projectId } of cloud.compute.servers()) {
      if (projectId !== project.id) continue;
      const from = Math.max(month, Math.floor(createdAt / hourMs) * hourMs);
      sum += Math.max(0, (until - from) / hourMs) * flavor.vcpus * 0.05;
    }
    return Math.round(sum * 100) / 100;
  });
}

const hasCosts = (release: Release) => release !== '0.2.1' && release !== 'next';

describe.each(releases)('with a portal of release %s', (release) => {
  test.each(['v2', 'v1'] as const)(
    'owners show what CloudKitty %s has rated, and the month',
    async (rating) => {
      const { sandbox, clock, run } = await start({ release, rating });

      await run();
      const first = costs(sandbox);
      await run();

      const expected = rated(sandbox, clock.now());
      expect(Math.min(...expected)).toBeGreaterThan(1);
      expect(first).toEqual(hasCosts(release) ? expected : [0, 0]);
      expect(dates(sandbox)).toEqual(
        people(sandbox).map(() => (hasCosts(release) ? ['2026-11-01', '2026-12-01'] : [null, null])),
      );
      expect(ownerWrites(sandbox)).toEqual([]);
    },
  );
});

test('each owner is written once when what was rated has changed, and for each one request in all goes to CloudKitty', async () => {
  const { sandbox, clock, run } = await start({ release: 'main', rating: 'v2' });
  await run();
  // Until CloudKitty has rated up to the first run, the rebuild of the record of stacks reads more.
  await clock.sleep(4 * hourMs);
  await run();
  await clock.sleep(hourMs);

  await run();

  expect(ownerWrites(sandbox)).toHaveLength(2);
  expect(costs(sandbox)).toEqual(rated(sandbox, clock.now()));
  expect(sandbox.services.cloudkitty.seen).toHaveLength(1);
});

test.each(['1.1', 'main'] as const)(
  'when the month turns a portal %s shows the new one, from 0 on',
  async (release) => {
    const { sandbox, clock, run } = await start({ release, rating: 'v2' });
    await run();
    await clock.sleep(Date.UTC(2026, 11, 1) - clock.now() - hourMs / 2);
    await run();
    const before = costs(sandbox);
    expect(dates(sandbox)[0]).toEqual(['2026-11-01', '2026-12-01']);

    await clock.sleep(hourMs / 2);
    await run();

    expect(dates(sandbox)).toEqual([
      ['2026-12-01', '2027-01-01'],
      ['2026-12-01', '2027-01-01'],
    ]);
    expect(costs(sandbox)).toEqual([0, 0]);
    await clock.sleep(dayMs);
    await run();
    expect(costs(sandbox)).toEqual(rated(sandbox, clock.now()));
    expect(costs(sandbox)[0]).toBeLessThan(before[0] ?? 0);
  },
);

test('without CloudKitty no cost and no dates are written: what an administrator has set stays', async () => {
  const { sandbox, run } = await start({ release: 'main' });
  for (const { id } of people(sandbox)) sandbox.portal.users.update(id, { cost: 7 });

  await run();

  expect(costs(sandbox)).toEqual([7, 7]);
  expect(dates(sandbox)).toEqual([
    [null, null],
    [null, null],
  ]);
});

test('an owner whom the portal refuses holds up no other, is said once, and written once it can be', async () => {
  const { sandbox, run, clock, logged } = await start({ release: 'main', rating: 'v2' });
  const path = /\/teams\//;
  const away = sandbox.faults.add({
    service: 'concertim',
    method: 'PATCH',
    path,
    kind: 'answer',
    status: 422,
    times: 2,
  });
  const refused = () =>
    logged.filter((line) => line.includes('failed to update cost and credits of owner, will retry'));

  await run();
  expect(refused()).toHaveLength(2);
  away();
  sandbox.faults.add({ service: 'concertim', method: 'PATCH', path, kind: 'answer', status: 422, times: 1 });
  await run();
  expect(refused()).toHaveLength(2);
  await run();

  expect(costs(sandbox)).toEqual(rated(sandbox, clock.now()));
});

test('in a wrong cloud nothing is written: there everybody has cost nothing', async () => {
  await using other = await startSandbox({ seed: 2, rating: 'v2', pace: 0 });
  const { sandbox, run } = await start({
    release: 'main',
    projects: 6,
    config: () => ({ openstack: other.config.openstack }),
  });
  for (const { id, login } of people(sandbox)) {
    sandbox.portal.users.update(id, { cost: 7 });
    const metadata = { openstack_stack_id: `00000000-0000-4000-8000-${String(id).padStart(12, '0')}` };
    sandbox.portal.addRack({ user_id: id, name: login, order_id: login, metadata });
  }

  const report = await run();

  expect(report.warnings).toEqual([expect.stringMatching(/Almost nothing of what the portal shows/)]);
  expect(new Set(costs(sandbox))).toEqual(new Set([7]));
});

const killBill = ({ services }: Sandbox) => {
  const { password, apiKey: apikey, apiSecret: apisecret } = killBillLogin;
  return {
    billing_platform: 'killbill',
    killbill: { api_host: services.killbill.url, password, apikey, apisecret },
  };
};

/** Gives each owner an account in KillBill, with a deposit. */
function openAccounts({ portal, killBill }: Sandbox, amount: number): string[] {
  return portal.users
    .all()
    .filter(({ root }) => !root)
    .map(({ id, login }) => {
      const accountId = killBill.id();
      const account = {
        accountId,
        externalKey: login,
        name: login,
        email: null,
        currency: 'USD',
        closed: false,
      };
      killBill.accounts.set(accountId, account);
      killBill.deposit(accountId, amount, 'Deposit');
      portal.users.update(id, { billing_acct_id: accountId });
      return accountId;
    });
}

describe.each(['1.1', '1.2', 'main'] as const)('with KillBill and a portal of release %s', (release) => {
  test('owners show the credits of their account, less what is not billed yet', async () => {
    const { sandbox, run } = await start({ release, config: killBill });
    const [account = '', other = ''] = openAccounts(sandbox, 100);
    const credits = () => people(sandbox).map((person) => person.credits);
    await run();
    expect(credits()).toEqual([100, 100]);

    const { subscriptionId } = sandbox.killBill.subscribe(account, 'order');
    sandbox.killBill.usages.push({
      subscriptionId,
      trackingId: 't',
      unitType: 'openstack-billed-instance',
      recordDate: '2026-11-22',
      amount: 130,
    });
    sandbox.killBill.deposit(other, 0.5, 'more');
    await run();
    expect(credits()).toEqual([-30, 100.5]);
    await run();

    expect(ownerWrites(sandbox)).toEqual([]);
  });
});

test('an account that KillBill does not know is said once, and the others have their credits', async () => {
  const { sandbox, run, logged } = await start({ release: 'main', config: killBill });
  openAccounts(sandbox, 60);
  const [first] = people(sandbox);
  sandbox.portal.users.update(first?.id ?? 0, { billing_acct_id: 'unknown', credits: 9 });

  await run();
  await run();

  expect(people(sandbox).map(({ credits }) => credits)).toEqual([9, 60]);
  expect(logged.filter((line) => line.includes('failed to read credits, portal values kept'))).toHaveLength(
    1,
  );
});
