/** A destroy button leaves others' objects alone, names what blocks it, and may be pressed twice. */
import { expect, test } from 'vitest';
import type { Network } from '../../src/sandbox/cloud/network.ts';
import { type ApiCloud, startApiCloud } from '../support/api-cloud.ts';

const destroy = (cloud: ApiCloud, type: string, id: string) =>
  cloud.api.send('POST', `/update_status/${type}/${id}`, { cloud_env: cloud.user, action: 'destroy' });

const networking = ({ sandbox }: ApiCloud) => sandbox.cloud.networking;
const projectOf = ({ user }: ApiCloud) => user['project_id'] ?? '';

function addNetwork(cloud: ApiCloud): Network {
  return networking(cloud).addNetwork({ name: 'lan', projectId: projectOf(cloud), createdAt: 0 });
}

/** Makes something a resource of one of the user's stacks. */
function belongTo(cloud: ApiCloud, stackId: string | undefined, ...ids: string[]): void {
  const stack = cloud.sandbox.cloud.orchestration.stack(stackId ?? '');
  for (const physicalId of ids) {
    stack?.resources.push({
      name: `r-${physicalId}`,
      type: 'OS::Neutron::Any',
      requiredBy: [],
      contents: undefined,
      physicalId,
      nested: undefined,
      action: 'CREATE',
      result: 'COMPLETE',
      reason: '',
      createdAt: 0,
    });
  }
}

function addPort(cloud: ApiCloud, networkId: string, deviceOwner: string, deviceId = '') {
  return networking(cloud).addPort({ projectId: projectOf(cloud), networkId, deviceOwner, deviceId });
}

test('a network goes with its own DHCP port, its router interface and a free port of its stack', async () => {
  await using cloud = await startApiCloud();
  const { ports, networks, routers } = networking(cloud);
  const network = addNetwork(cloud);
  const router = networking(cloud).addRouter({ name: 'edge', projectId: projectOf(cloud) });
  addPort(cloud, network.id, 'network:dhcp');
  addPort(cloud, network.id, 'network:router_interface', router.id);
  const free = addPort(cloud, network.id, '');
  belongTo(cloud, cloud.stacks[0], network.id, router.id, free.id);

  const answer = await destroy(cloud, 'networks', network.id);

  expect(answer).toMatchObject({ status: 202, body: { success: true } });
  expect(networks.has(network.id)).toBe(false);
  expect([...ports.values()].filter(({ networkId }) => networkId === network.id)).toEqual([]);
  expect(routers.has(router.id)).toBe(true);
  expect(cloud.api.reconciled).toMatchObject([{ kind: 'network', id: network.id, deleted: true }]);
});

test('a network of no stack goes with the interface of a router of no stack', async () => {
  await using cloud = await startApiCloud();
  const network = addNetwork(cloud);
  const router = networking(cloud).addRouter({ name: 'edge', projectId: projectOf(cloud) });
  addPort(cloud, network.id, 'network:router_interface', router.id);

  expect((await destroy(cloud, 'networks', network.id)).status).toBe(202);
});

test.each([
  { what: 'a server', owner: 'compute:nova', device: 'server-1', named: /instance server-1/ },
  { what: 'a port that is in no stack', owner: '', device: '', named: /port [\w-]+/ },
  { what: 'a load balancer', owner: 'Octavia', device: 'lb-1', named: /port [\w-]+ \(Octavia\)/ },
  {
    what: 'the router of another stack',
    owner: 'network:router_interface',
    device: 'router-of-another',
    named: /router router-of-another/,
  },
])('a network with $what on it stays as it is, and that is named', async ({ owner, device, named }) => {
  await using cloud = await startApiCloud();
  const network = addNetwork(cloud);
  const port = addPort(cloud, network.id, owner, device);
  const ofItsOwn = addPort(cloud, network.id, '');
  belongTo(cloud, cloud.stacks[0], network.id, ofItsOwn.id);
  belongTo(cloud, cloud.stacks[1], 'router-of-another');

  const answer = await destroy(cloud, 'networks', network.id);

  expect(answer.status).toBe(409);
  expect(answer.body.message).toMatch(/^Network lan is in use: /);
  expect(answer.body.message).toMatch(named);
  expect(networking(cloud).networks.has(network.id)).toBe(true);
  expect([networking(cloud).ports.has(port.id), networking(cloud).ports.has(ofItsOwn.id)]).toEqual([
    true,
    true,
  ]);
});

test('a floating IP that leads into a network is named, and stays where it is', async () => {
  await using cloud = await startApiCloud();
  const network = addNetwork(cloud);
  const port = addPort(cloud, network.id, 'compute:nova', 'server-1');
  const floating = networking(cloud).addFloatingIp({
    address: '198.18.0.77',
    projectId: projectOf(cloud),
    portId: port.id,
    routerId: null,
  });

  const answer = await destroy(cloud, 'networks', network.id);

  expect(answer.body.message).toContain('floating IP 198.18.0.77');
  expect(networking(cloud).floatingIps.get(floating.id)?.portId).toBe(port.id);
});

test('a port of another project, which its user cannot see, keeps a shared network all the same', async () => {
  await using cloud = await startApiCloud();
  const network = networking(cloud).addNetwork({
    name: 'lan',
    projectId: projectOf(cloud),
    createdAt: 0,
    isShared: true,
  });
  networking(cloud).addPort({
    projectId: 'another',
    networkId: network.id,
    deviceOwner: 'compute:nova',
    deviceId: 's',
  });

  const answer = await destroy(cloud, 'networks', network.id);

  expect(answer.status).toBe(409);
  expect(networking(cloud).networks.has(network.id)).toBe(true);
});

test("another project's network is not seen, nor destroyed when it is shared", async () => {
  await using cloud = await startApiCloud();
  const foreign = (isShared: boolean) =>
    networking(cloud).addNetwork({ name: 'theirs', projectId: 'another', createdAt: 0, isShared });
  const [hidden, shared] = [foreign(false), foreign(true)];

  const answers = [await destroy(cloud, 'networks', hidden.id), await destroy(cloud, 'networks', shared.id)];

  expect(answers.map(({ status }) => status)).toEqual([404, 403]);
  expect([hidden, shared].map(({ id }) => networking(cloud).networks.has(id))).toEqual([true, true]);
});

test('a destruction that is broken off is ended by its repeat', async () => {
  await using cloud = await startApiCloud();
  const network = addNetwork(cloud);
  const router = networking(cloud).addRouter({ name: 'edge', projectId: projectOf(cloud) });
  addPort(cloud, network.id, 'network:router_interface', router.id);
  cloud.sandbox.faults.add({ service: 'neutron', method: 'DELETE', times: 1, kind: 'answer', status: 409 });

  const broken = await destroy(cloud, 'networks', network.id);
  const ended = await destroy(cloud, 'networks', network.id);

  expect([broken.status, ended.status]).toEqual([409, 202]);
});

test.each(['racks', 'devices', 'instances', 'networks', 'volumes'])(
  'of %s, to destroy what is gone is done',
  async (type) => {
    await using cloud = await startApiCloud();

    const answer = await destroy(cloud, type, 'f9f9f9f9-aaaa-bbbb-cccc-dddddddddddd');

    expect(answer).toMatchObject({ status: 202, body: { success: true } });
  },
);

test.each(['networks', 'volumes'])('%s can be destroyed, and nothing else', async (type) => {
  await using cloud = await startApiCloud();

  const answer = await cloud.api.send('POST', `/update_status/${type}/x`, {
    cloud_env: cloud.user,
    action: 'off',
  });

  expect(answer).toMatchObject({
    status: 400,
    body: { message: `action: a ${type.slice(0, -1)} can destroy` },
  });
});

test('a stack is destroyed, and again', async () => {
  await using cloud = await startApiCloud();
  const id = cloud.stacks[0] ?? '';
  cloud.sandbox.cloud.orchestration.deleteStack(id);

  expect((await destroy(cloud, 'racks', id)).status).toBe(202);
});

test('a volume that no server has is destroyed, and one that a server has stays', async () => {
  await using cloud = await startApiCloud();
  const { blockStorage } = cloud.sandbox.cloud;
  const draft = { name: 'data', projectId: projectOf(cloud), userId: 'u', size: 1 };
  const [free, taken] = [blockStorage.addVolume(draft, 0), blockStorage.addVolume(draft, 0)];
  blockStorage.attach(taken.id, 'server-1', 0);

  const answers = [
    await destroy(cloud, 'volumes', free.id),
    await destroy(cloud, 'volumes', taken.id),
    await destroy(cloud, 'volumes', 'f9f9f9f9-aaaa-bbbb-cccc-dddddddddddd'),
  ];
  cloud.sandbox.cloud.settle();

  expect(answers.map(({ status }) => status)).toEqual([202, 409, 202]);
  expect(answers[1]?.body.message).toContain('attached to server server-1');
  expect([free, taken].map(({ id }) => blockStorage.volume(id) !== undefined)).toEqual([false, true]);
});

/** A volume of the user's, available. */
function addVolume(cloud: ApiCloud): string {
  const { blockStorage } = cloud.sandbox.cloud;
  const draft = { name: 'data', projectId: projectOf(cloud), userId: cloud.user['user_id'] ?? '', size: 1 };
  return blockStorage.addVolume(draft, 0).id;
}

test('a volume is destroyed, and again while Cinder deletes it', async () => {
  await using cloud = await startApiCloud();
  const { blockStorage } = cloud.sandbox.cloud;
  const id = addVolume(cloud);

  const answers = [await destroy(cloud, 'volumes', id), await destroy(cloud, 'volumes', id)];

  expect(answers.map(({ status }) => status)).toEqual([202, 202]);
  expect(blockStorage.volume(id)?.status ?? 'gone').toMatch(/^(deleting|gone)$/);
});

test('a volume that a server has stays, and the server is named', async () => {
  await using cloud = await startApiCloud();
  const { blockStorage } = cloud.sandbox.cloud;
  const id = addVolume(cloud);
  blockStorage.attach(id, cloud.servers[0] ?? '', 0);

  const answer = await destroy(cloud, 'volumes', id);

  expect(answer.status).toBe(409);
  expect(answer.body.message).toContain(`Volume data is attached to server ${cloud.servers[0]}`);
  expect(blockStorage.volume(id)?.status).toBe('in-use');
});

test('a volume that Cinder does not delete as it is stays, in the words of Cinder', async () => {
  await using cloud = await startApiCloud();
  const { blockStorage } = cloud.sandbox.cloud;
  const id = addVolume(cloud);
  blockStorage.changeVolume(id, { status: 'backing-up' });

  const answer = await destroy(cloud, 'volumes', id);

  expect(answer).toMatchObject({
    status: 409,
    body: { message: expect.stringMatching(/^Invalid volume: Volume status must be available/) },
  });
});

test("another project's volume is neither seen nor destroyed", async () => {
  await using cloud = await startApiCloud();
  const { blockStorage } = cloud.sandbox.cloud;
  const { id } = blockStorage.addVolume({ name: 'theirs', projectId: 'another', userId: 'x', size: 1 }, 0);

  expect((await destroy(cloud, 'volumes', id)).status).toBe(404);
  expect(blockStorage.volume(id)?.status).toBe('available');
});
