import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { AccountClosings } from '../../src/billing/account-closings.ts';
import { KillBill } from '../../src/billing/killbill/killbill.ts';
import { killBillLogin } from '../../src/sandbox/killbill/routes.ts';
import type { Sandbox, SandboxOptions } from '../../src/sandbox/sandbox.ts';
import { killBillOn } from './sandbox-sessions.ts';
import { startScenario } from './scenario.ts';

const dayMs = 86_400_000;

/** The whole service on a cloud with CloudKitty v2 and with KillBill, its `data_dir`, and the closings of the API's process. */
export async function startBilledScenario(
  billing: Record<string, unknown> = {},
  options: Partial<SandboxOptions> = {},
) {
  const dataDir = mkdtempSync(join(tmpdir(), 'usage-'));
  const { password, apiKey: apikey, apiSecret: apisecret } = killBillLogin;
  const scenario = await startScenario({
    release: 'main',
    // A site on which every stack is deleted looks like another cloud.
    allowDeletions: true,
    keepDeletedMs: 90 * dayMs,
    rating: 'v2',
    projects: 1,
    stacks: 1,
    servers: 3,
    ...options,
    config: ({ services }) => ({
      data_dir: dataDir,
      billing: { platform: 'killbill', ...billing },
      killbill: { api_host: services.killbill.url, password, apikey, apisecret },
    }),
  });
  onTestFinished(async () => {
    await scenario[Symbol.asyncDispose]();
    rmSync(dataDir, { recursive: true, force: true });
  });
  // Of the component that serves the portal, in a process of its own.
  const client = killBillOn(scenario.sandbox);
  onTestFinished(() => client.close());
  const platform = new KillBill(client, scenario.sandbox.killBill.plan);
  const closings = new AccountClosings({ billing: platform, dataDir, clock: scenario.clock });
  return Object.assign(scenario, { closings, dataDir });
}

/** Opens an order for the newest stack that has none. */
export function openOrder({ cloud, killBill }: Sandbox, externalKey: string) {
  const taken = new Set([...killBill.fields.values()].map(({ value }) => value));
  const stack = [...cloud.orchestration.stacks()].find(({ id, parent }) => !parent && !taken.has(id));
  const accountId = killBill.id();
  const account = {
    accountId,
    externalKey: `team of ${externalKey}`,
    name: 'team',
    email: null,
    currency: 'USD',
    closed: false,
  };
  killBill.accounts.set(accountId, account);
  const { subscriptionId: objectId } = killBill.subscribe(accountId, externalKey);
  const field = { objectType: 'SUBSCRIPTION', objectId, name: 'openstack_stack_id' } as const;
  killBill.fields.set(objectId, { customFieldId: objectId, value: stack?.id ?? '', ...field });
  return { accountId, id: objectId, stackId: stack?.id ?? '' };
}

/** What KillBill has been given, at a price of 1 a unit. */
export function recordedCost({ killBill }: Sandbox): number {
  return killBill.usages.reduce((sum, { amount }) => sum + amount, 0);
}

/** All that CloudKitty has rated, of so many whole days from the scenario's first. */
export function ratedCost({ cloud }: Sandbox, days: number): number {
  let sum = 0;
  for (const { rate } of cloud.rating.frames(0, Date.UTC(2026, 10, 22) + days * dayMs)) sum += rate;
  return sum;
}
