/** `billing plan` and `billing explain` as an operator types them, on a sandbox with KillBill and CloudKitty. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { stringify } from 'yaml';
import { StackLedger } from '../../src/billing/stack-ledger.ts';
import { UsageLedger } from '../../src/billing/usage/usage-ledger.ts';
import { killBillLogin } from '../../src/sandbox/killbill/routes.ts';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { command } from '../support/command.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const stack = '11111111-2222-4333-8444-555555555555';
const day = (daysAgo: number) => new Date(Date.now() - daysAgo * dayMs).toISOString().slice(0, 10);

async function startSite({ rating }: { rating?: 'v2' } = { rating: 'v2' }) {
  const sandbox = await startSandbox({ projects: 1, stacks: 0, pace: 0, ...(rating && { rating }) });
  const folder = mkdtempSync(join(tmpdir(), 'billing-'));
  onTestFinished(async () => {
    await sandbox.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const { password, apiKey: apikey, apiSecret: apisecret } = killBillLogin;
  const write = (name: string, billing: Record<string, unknown>) => {
    const file = join(folder, name);
    const killbill = { api_host: sandbox.services.killbill.url, password, apikey, apisecret };
    writeFileSync(file, stringify({ ...sandbox.config, data_dir: folder, billing, killbill }), {
      mode: 0o600,
    });
    return file;
  };
  const config = write('config.yaml', { platform: 'killbill' });
  const { killBill, cloud, population } = sandbox;
  const projectId = population.accounts[0]?.project.id ?? '';
  const { subscriptionId: order, ...row } = killBill.subscribe('account', 'concertim-launch');
  killBill.subscriptions.set(order, { subscriptionId: order, ...row, startDate: day(5) });
  for (const [name, value] of [
    ['openstack_stack_id', stack],
    ['openstack_stack_name', 'mpi'],
  ] as const) {
    killBill.fields.set(name, {
      customFieldId: name,
      objectType: 'SUBSCRIPTION',
      objectId: order,
      name,
      value,
    });
  }
  await new StackLedger(folder).note(new Map([[stack, ['web', 'db']]]), Date.now() - 5 * dayMs);
  const rate = (id: string, type: string, daysAgo: number, cost: number) =>
    cloud.rating.push({
      begin: Date.parse(`${day(daysAgo)}T10:00:00Z`),
      id,
      type,
      projectId,
      quantity: 1,
      rate: cost,
    });
  return { sandbox, folder, config, write, order, projectId, rate };
}

test('billing plan says what is to be recorded and what is billed to nobody, and is done when all is recorded', async () => {
  const { sandbox, folder, config, order, projectId, rate } = await startSite();
  rate('web', 'instance', 2, 1.5);
  rate('db', 'instance', 2, 0.25);
  rate('stray', 'instance', 2, 4);
  rate('web', 'instance', 3, 2);
  const plan = (...args: string[]) => command('billing', 'plan', '-c', config, ...args).finished;

  const first = await plan();

  expect(first.code).toBe(2);
  expect(first.stdout.split('\n')).toEqual([
    day(3),
    `  + 2.00  openstack-billed-instance of stack ${stack}, order ${order}: nothing of it is recorded`,
    day(2),
    `  + 1.75  openstack-billed-instance of stack ${stack}, order ${order}: nothing of it is recorded`,
    'Billed to nobody',
    `  ! 4.00  openstack-billed-instance of project ${projectId}, ${day(2)}: it belongs to no known stack`,
    '2 to record (3.75 rated), 0 not finished (0.00), 0 recorded (0.00).',
    '',
  ]);
  expect(sandbox.killBill.usages).toEqual([]);

  const unit = 'openstack-billed-instance';
  const usage = (daysAgo: number, amount: number) =>
    sandbox.killBill.usages.push({
      subscriptionId: order,
      trackingId: `concertim:${unit}:${day(daysAgo)}`,
      unitType: unit,
      recordDate: `${day(daysAgo)}T12:00:00.000Z`,
      amount,
    });
  // Of the one the service's own record is there, of the other KillBill's alone.
  usage(2, 1);
  await new UsageLedger(folder).note({ order: order as never, unit, day: day(2) }, { amount: 1, records: 1 });
  usage(3, 2.5);
  const { stdout, code } = await plan('--json');
  const { steps } = JSON.parse(stdout) as { steps: { day: string; step: string }[] };
  expect(code).toBe(2);
  expect(steps.map(({ day, step }) => [day, step])).toEqual([
    [day(3), 'over'],
    [day(2), 'correct'],
  ]);
});

test('billing explain leads from a stack to each of its days, by id or by name', async () => {
  const { config, order, rate } = await startSite();
  rate('web', 'instance', 2, 1.5);
  rate('db', 'volume.size', 2, 0.5);
  const explain = (name: string) => command('billing', 'explain', name, '-c', config).finished;

  const [byId, byName, none] = await Promise.all([explain(stack), explain('mpi'), explain('nothing')]);

  expect(byName.stdout).toBe(byId.stdout);
  expect(byId.code).toBe(0);
  for (const line of [
    `stack ${stack}`,
    `  order ${order} of account account, opened on ${day(5)} by this service, open`,
    '  resources that were in it: 2',
    `  ${day(2)} + 1.50  openstack-billed-instance of stack ${stack}, order ${order}: nothing of it is recorded`,
    `  ${day(2)} + 0.50  openstack-billed-volume.size of stack ${stack}, order ${order}: nothing of it is recorded`,
  ])
    expect(byId.stdout.split('\n')).toContain(line);
  expect(none).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringContaining('No order names a stack nothing'),
  });
});

test('where nothing is ever recorded billing plan says what that takes, and explain what is known all the same', async () => {
  const { write, rate } = await startSite();
  rate('web', 'instance', 2, 1.5);
  const config = write('none.yaml', { platform: 'none' });

  const [plan, explain] = await Promise.all([
    command('billing', 'plan', '-c', config).finished,
    command('billing', 'explain', stack, '-c', config).finished,
  ]);

  expect(plan).toMatchObject({ code: 78, stderr: expect.stringContaining('billing.platform: killbill') });
  expect(explain.stdout).toContain('no order names it: it is billed to nobody');
  expect(explain.stdout).toContain('nothing is recorded: there is no billing platform');
});

test('in a cloud without CloudKitty billing plan says so', async () => {
  const { config } = await startSite({});

  const { code, stderr } = await command('billing', 'plan', '-c', config).finished;

  expect({ code, stderr }).toEqual({ code: 78, stderr: expect.stringContaining('a CloudKitty with v2') });
});
