/** What is to be recorded of the usage of two clouds, and where the figures of one of their stacks come from. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { describeStackBilling } from '../../src/billing/explain-stack.ts';
import { StackLedger } from '../../src/billing/stack-ledger.ts';
import { killBillLogin } from '../../src/sandbox/killbill/routes.ts';
import { password } from '../../src/sandbox/population.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';
import { Service } from '../../src/service.ts';
import { command } from '../support/command.ts';
import { configOfClouds, yamlOfClouds } from '../support/config-of-clouds.ts';

const dayMs = 24 * 3_600_000;
const day = (daysAgo: number) => new Date(Date.now() - daysAgo * dayMs).toISOString().slice(0, 10);
const stackOf = { north: 'stack-in-the-north', south: 'stack-in-the-south' } as const;

/** Two clouds with CloudKitty, and a stack in each that has an order. */
async function startSite() {
  const [north, south] = await Promise.all([
    startSandbox({ projects: 1, stacks: 0, pace: 0, rating: 'v2', seed: 1 }),
    startSandbox({ projects: 1, stacks: 0, pace: 0, rating: 'v2', seed: 2 }),
  ]);
  const folder = mkdtempSync(join(tmpdir(), 'billing-'));
  const [account] = south.population.accounts;
  const ids = { cloud_user_id: account?.user.id ?? '', project_id: account?.project.id ?? '' };
  north.portal.addUser({ login: 'south', password, ...ids });
  const { password: secret, apiKey: apikey, apiSecret: apisecret } = killBillLogin;
  const more = {
    data_dir: folder,
    billing: { platform: 'killbill' },
    killbill: { api_host: north.services.killbill.url, password: secret, apikey, apisecret },
  };
  const file = join(folder, 'config.yaml');
  writeFileSync(file, yamlOfClouds({ north, south }, more), { mode: 0o600 });
  const service = new Service({ config: configOfClouds({ north, south }, more), components: [] });
  onTestFinished(async () => {
    await service[Symbol.asyncDispose]();
    await Promise.all([north.close(), south.close()]);
    rmSync(folder, { recursive: true, force: true });
  });
  for (const stack of Object.values(stackOf)) openOrder(north, stack);
  const ledger = new StackLedger(folder);
  await ledger.note(
    new Map([
      [stackOf.north, ['web']],
      [stackOf.south, ['db']],
    ]),
    Date.now() - 5 * dayMs,
  );
  rate(north, 'web', 1.5);
  rate(south, 'db', 2);
  return { north, south, service, file };
}

function openOrder({ killBill }: Sandbox, stack: string): void {
  const { subscriptionId: order, ...row } = killBill.subscribe('account', 'concertim-launch');
  killBill.subscriptions.set(order, { subscriptionId: order, ...row, startDate: day(5) });
  const [customFieldId, name] = [`of ${stack}`, 'openstack_stack_id'];
  killBill.fields.set(customFieldId, {
    customFieldId,
    objectType: 'SUBSCRIPTION',
    objectId: order,
    name,
    value: stack,
  });
}

function rate({ cloud, population }: Sandbox, id: string, cost: number): void {
  const projectId = population.accounts[0]?.project.id ?? '';
  const begin = Date.parse(`${day(2)}T10:00:00Z`);
  cloud.rating.push({ begin, id, type: 'instance', projectId, quantity: 1, rate: cost });
}

test('the usage of all clouds is to be recorded, each for the orders of its own stacks', async () => {
  const { service } = await startSite();

  const plan = await service.planBilling();

  expect(plan?.steps.map(({ stack, cost, step }) => [stack, cost, step])).toEqual([
    [stackOf.north, 1.5, 'record'],
    [stackOf.south, 2, 'record'],
  ]);
  expect(plan?.unbilled).toEqual([]);
  expect(plan?.unread).toBeUndefined();
});

test('a cloud that is away is named, and the rest is planned and explained', async () => {
  const { north, south, service, file } = await startSite();
  south.faults.add({ service: 'cloudkitty', kind: 'answer', status: 503 });

  const plan = await service.planBilling();
  const explained = await service.explainBilling(stackOf.north);
  const printed = await command('billing', 'plan', '-c', file).finished;
  north.faults.add({ service: 'cloudkitty', kind: 'answer', status: 503 });

  expect(plan?.steps.map(({ stack }) => stack)).toEqual([stackOf.north]);
  expect(plan?.unread).toEqual([{ cloud: 'south', problem: expect.stringContaining('503') as string }]);
  expect(printed.code).toBe(1);
  expect(printed.stdout).toMatch(/^cloud south not read: .*503/);
  expect(printed.stdout).toContain(`+ 1.50  openstack-billed-instance of stack ${stackOf.north}`);
  expect(describeStackBilling(explained as never)).toMatch(/^ {2}cloud south not read: .*503/m);
  expect(explained?.rated?.map(({ rate: cost }) => cost)).toEqual([1.5]);
  await expect(service.planBilling()).rejects.toThrow(/503/);
});

test('a stack is explained by the cloud that rates it, whichever that is', async () => {
  const { service } = await startSite();

  const explained = await service.explainBilling(stackOf.south);

  expect(explained).toMatchObject({ stack: stackOf.south, orders: [{}], members: [{ resource: 'db' }] });
  expect(explained?.usage?.steps.map(({ cost }) => cost)).toEqual([2]);
  expect(explained?.unread).toBeUndefined();
});
