/** What a team may use, what it uses, and what the cloud has: pages of the portal that compute with each number. */
import { expect, test } from 'vitest';
import { type ApiCloud, startApiCloud } from '../support/api-cloud.ts';

/** What the pages divide by 1024 or compare: one that is missing is an error there. */
const limitsRead = [
  'totalCoresUsed',
  'maxTotalCores',
  'totalRAMUsed',
  'maxTotalRAMSize',
  'totalInstancesUsed',
  'maxTotalInstances',
  'maxTotalVolumes',
  'totalVolumesUsed',
  'maxTotalVolumeGigabytes',
  'totalGigabytesUsed',
];

async function teamOf(cloud: ApiCloud): Promise<string> {
  const { body } = await cloud.api.send('POST', '/team', { cloud_env: cloud.admin, name: 'red' });
  return String(body.project_id);
}

const quotasOf = (cloud: ApiCloud, id: string) => cloud.api.send('GET', `/team/${id}/quotas`);

test('quotas come without credentials, of all services together', async () => {
  await using cloud = await startApiCloud();
  const id = await teamOf(cloud);

  const answer = await quotasOf(cloud, id);

  expect(answer.status).toBe(200);
  expect(answer.body.quotas).toMatchObject({ cores: 20, ram: 51_200, instances: 10, network: 100 });
  expect(Object.values(answer.body.quotas as object).every((value) => typeof value === 'number')).toBe(true);
});

test('a project id with dashes is the same project', async () => {
  await using cloud = await startApiCloud();
  const id = await teamOf(cloud);
  const dashed = id.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');

  expect((await quotasOf(cloud, dashed)).status).toBe(200);
});

test("a team that is gone is not found, and another's project is not shown", async () => {
  await using cloud = await startApiCloud();
  const { id } = cloud.sandbox.cloud.identity.createProject({ name: 'operations' });

  expect((await quotasOf(cloud, 'f'.repeat(32))).status).toBe(404);
  expect((await quotasOf(cloud, id)).status).toBe(403);
});

test('limits are numbers, each that the page reads', async () => {
  await using cloud = await startApiCloud();

  const { status, body } = await cloud.api.send('GET', '/team/limits', { cloud_env: cloud.user });

  expect(status).toBe(200);
  for (const name of limitsRead) expect(body.limits[name], name).toEqual(expect.any(Number));
  expect(body.limits.totalInstancesUsed).toBe(cloud.servers.length);
});

/** Takes a service out of the catalog. */
function withoutService({ sandbox }: ApiCloud, type: string): void {
  type Body = { token: { catalog: { type: string }[] } };
  sandbox.faults.add({
    service: 'keystone',
    path: /auth\/tokens/,
    kind: 'rewrite',
    rewrite: (body) => {
      const { token } = body as Body;
      return { token: { ...token, catalog: token.catalog.filter((entry) => !type.startsWith(entry.type)) } };
    },
  });
}

test.each(['volumev3', 'network'])(
  'a cloud without %s has no limit there, and nothing is used',
  async (type) => {
    await using cloud = await startApiCloud();
    const id = await teamOf(cloud);
    withoutService(cloud, type);

    const limits = await cloud.api.send('GET', '/team/limits', { cloud_env: cloud.user });
    const quotas = await quotasOf(cloud, id);

    expect([limits.status, quotas.status]).toEqual([200, 200]);
    for (const name of limitsRead) expect(limits.body.limits[name], name).toEqual(expect.any(Number));
    expect(quotas.body.quotas).toMatchObject({
      ram: 51_200,
      volumes: expect.any(Number),
      network: expect.any(Number),
    });
  },
);

test('a service that fails is no service without limits', async () => {
  await using cloud = await startApiCloud();
  cloud.sandbox.faults.add({ service: 'nova', kind: 'answer', status: 500 });

  const answers = [
    await cloud.api.send('GET', '/team/limits', { cloud_env: cloud.user }),
    await cloud.api.send('GET', '/statistics'),
  ];

  expect(answers.map(({ status }) => status)).toEqual([502, 502]);
});

test('statistics are in GiB, and come without credentials', async () => {
  await using cloud = await startApiCloud();

  const { status, body } = await cloud.api.send('GET', '/statistics');

  expect(status).toBe(200);
  expect(body.stats).toMatchObject({
    total_vcpus: 512,
    total_ram: 2_048,
    total_disk_space: 65_536,
    running_vms: [...cloud.sandbox.cloud.compute.servers()].filter(({ vmState }) => vmState === 'active')
      .length,
  });
  for (const name of ['used_vcpus', 'used_ram', 'used_disk_space']) {
    expect(body.stats[name], name).toBeGreaterThan(0);
  }
});
