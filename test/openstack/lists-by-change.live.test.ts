/**
 * What a real Nova and Heat put into their lists of what has changed. Makes a server, a volume, a floating IP and a stack in the
 * project of the service's account, and deletes them.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { parseBody } from '../../src/http/body.ts';
import { readChangedServers, readServers, showServer } from '../../src/openstack/compute.ts';
import type { ServerId, StackId } from '../../src/openstack/model.ts';
import { actOnStack, deleteStack, findStack } from '../../src/openstack/orchestration.ts';
import { deleteServer } from '../../src/openstack/server-actions.ts';
import type { SessionRequest } from '../../src/openstack/session.ts';
import { readStacks, type StackRows } from '../../src/openstack/stack-list.ts';
import { KnownStacks } from '../../src/reconcile/known-stacks.ts';
import { isoTime, systemClock } from '../../src/runtime/clock.ts';
import { signIn } from './openrc.ts';
import { waitingFor } from './wait-for.ts';

const waitFor = waitingFor(240_000);
const session = signIn();
let serverId: ServerId;
const undo: (() => Promise<unknown>)[] = [];

type Service = Parameters<typeof session.request>[0];

async function post<T>(service: Service, path: string, body: unknown, answer: z.ZodType<T>): Promise<T> {
  return parseBody(await session.request(service, { method: 'POST', path, route: path, body }), answer);
}

async function send(service: Service, method: SessionRequest['method'], path: string, body?: unknown) {
  await session.request(service, { method, path, route: path, body, accept: [404] });
}

const Made = z.object({ id: z.string() });

beforeAll(async () => {
  const images = await session.request('compute', { method: 'GET', path: '/images', route: '/images' });
  const networks = await session.request('network', { method: 'GET', path: '/networks', route: '/networks' });
  const [image] = parseBody(images, z.object({ images: z.array(Made) })).images;
  const found = parseBody(networks, z.object({ networks: z.array(Made.extend({ name: z.string() })) }));
  const network = found.networks.find(({ name }) => name === 'private');
  const { server } = await post(
    'compute',
    '/servers',
    {
      server: {
        name: 'by-change',
        flavorRef: '1',
        imageRef: image?.id,
        networks: [{ uuid: network?.id }],
      },
    },
    z.object({ server: Made }),
  );
  serverId = server.id as ServerId;
  undo.push(() => deleteServer(session, serverId).catch(() => undefined));
  await waitFor('the server', async () => (await stateOf()) === 'active null');
});

afterAll(async () => {
  for (const one of undo.reverse()) await one();
  await session.close();
});

async function stateOf(): Promise<string> {
  const server = await showServer(session, serverId);
  return server?.kind === 'server' ? `${server.vmState} ${server.taskState}` : String(server?.kind);
}

/** What has changed since a moment of Nova's clock that is later than all that happened before. */
async function changedSince(happen: () => Promise<unknown>) {
  await systemClock.sleep(2_000);
  const { at } = await readServers(session);
  await happen();
  const { servers, deleted } = await readChangedServers(session, { since: isoTime(at) });
  return {
    changed: servers.some(({ id }) => id === serverId),
    deleted: deleted.includes(serverId),
  };
}

test('an update of the server is in the list of what has changed', async () => {
  const rename = () => send('compute', 'PUT', `/servers/${serverId}`, { server: { name: 'renamed' } });

  expect(await changedSince(rename)).toEqual({ changed: true, deleted: false });
});

test('an attached volume and a floating IP are not: they are in other tables', async () => {
  const attach = async () => {
    const { volume } = await post(
      'block-storage',
      '/volumes',
      { volume: { size: 1, name: 'by-change' } },
      z.object({ volume: Made }),
    );
    undo.push(async () => {
      await send('block-storage', 'POST', `/volumes/${volume.id}/action`, { 'os-force_delete': {} });
    });
    await waitFor('the volume', async () => (await volumeStatus(volume.id)) === 'available');
    await post(
      'compute',
      `/servers/${serverId}/os-volume_attachments`,
      { volumeAttachment: { volumeId: volume.id } },
      z.looseObject({}),
    );
    await waitFor('the attachment', async () => {
      const server = await showServer(session, serverId);
      return server?.kind === 'server' && server.volumes.length === 1;
    });
  };
  const address = async () => {
    const get = (path: string, query: NonNullable<SessionRequest['query']>) =>
      session.request('network', { method: 'GET', path, route: path, query });
    const ports = parseBody(await get('/ports', { device_id: serverId }), z.object({ ports: z.array(Made) }));
    const external = parseBody(
      await get('/networks', { 'router:external': true }),
      z.object({ networks: z.array(Made) }),
    );
    const { floatingip } = await post(
      'network',
      '/floatingips',
      { floatingip: { floating_network_id: external.networks[0]?.id, port_id: ports.ports[0]?.id } },
      z.object({ floatingip: Made }),
    );
    undo.push(() => send('network', 'DELETE', `/floatingips/${floatingip.id}`));
    await waitFor('the floating address', async () => {
      const server = await showServer(session, serverId);
      return server?.kind === 'server' && server.addresses.some(({ type }) => type === 'floating');
    });
  };

  expect(await changedSince(attach)).toEqual({ changed: false, deleted: false });
  expect(await changedSince(address)).toEqual({ changed: false, deleted: false });
});

test('a deleted server is there as deleted', async () => {
  const remove = async () => {
    await deleteServer(session, serverId);
    await waitFor('the end of the server', async () => (await showServer(session, serverId)) === undefined);
  };

  expect(await changedSince(remove)).toEqual({ changed: false, deleted: true });
});

test('stacks read by what changed are those of the complete list, whatever is done to them', async () => {
  const stacks = new KnownStacks();
  const differences: string[] = [];
  const inOrder = ({ stacks: rows }: StackRows) =>
    JSON.stringify(rows.toSorted((a, b) => (a.id < b.id ? -1 : 1)));
  const whole = async () => inOrder(await readStacks(session, { projects: [] }));
  const compare = async (after: string) => {
    let before: string;
    let byChange: string;
    let then = await whole();
    // Heat works on the stack meanwhile: the list is judged where nothing happened while it was read.
    do {
      before = then;
      byChange = inOrder(await stacks.read(session, { projects: [], isComplete: false }));
      then = await whole();
    } while (before !== then);
    if (byChange !== then) differences.push(after);
  };
  await compare('nothing');

  const template = {
    heat_template_version: '2018-08-31',
    resources: { value: { type: 'OS::Heat::Value', properties: { value: 'x' } } },
  };
  const { stack } = await post(
    'orchestration',
    '/stacks',
    { stack_name: 'by-change', template },
    z.object({ stack: Made }),
  );
  const id = stack.id as StackId;
  await compare('create, begun');
  await statusBecomes('CREATE_COMPLETE');
  await compare('create');
  const shown = await findStack(session, id);
  if (!shown) throw new Error('the stack is not there');
  undo.push(() => deleteStack(session, shown.stack).catch(() => undefined));
  for (const action of ['suspend', 'resume'] as const) {
    await actOnStack(session, shown.stack, action);
    await statusBecomes(`${action.toUpperCase()}_COMPLETE`);
    await compare(action);
  }
  await deleteStack(session, shown.stack);
  await compare('delete, begun');
  await waitFor('the end of the stack', async () => {
    const { stacks: present } = await readStacks(session, { projects: [] });
    return present.every((one) => one.id !== id);
  });
  await compare('delete');

  expect(differences).toEqual([]);

  async function statusBecomes(status: string): Promise<void> {
    await waitFor(status, async () => (await findStack(session, id))?.stack.status === status);
  }
});

async function volumeStatus(id: string): Promise<string> {
  const response = await session.request('block-storage', {
    method: 'GET',
    path: `/volumes/${id}`,
    route: '/volumes/{id}',
  });
  return parseBody(response, z.object({ volume: z.object({ status: z.string() }) })).volume.status;
}
