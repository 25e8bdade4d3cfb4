import type { FastifyInstance } from 'fastify';
import { expect, test } from 'vitest';
import { SmallCloud } from '../../test/support/small-cloud.ts';
import type { NetworkId, ProjectId } from './model.ts';
import { listNetworks, showNetwork } from './network.ts';

const row = {
  id: 'n1',
  name: 'mycluster.network',
  status: 'ACTIVE',
  admin_state_up: true,
  shared: false,
  'router:external': false,
  project_id: 'p1',
  mtu: 1442,
  port_security_enabled: true,
  l2_adjacency: true,
  dns_domain: '',
  qos_policy_id: null,
  created_at: '2026-11-22T19:14:44Z',
};

const network = {
  kind: 'network',
  id: 'n1',
  name: 'mycluster.network',
  projectId: 'p1',
  status: 'ACTIVE',
  adminStateUp: true,
  shared: false,
  external: false,
  mtu: 1442,
  portSecurityEnabled: true,
  l2Adjacency: true,
  dnsDomain: '',
  qosPolicyId: null,
  createdAt: '2026-11-22T19:14:44Z',
};

const missing = (id: string) => ({
  NeutronError: { type: 'NetworkNotFound', message: `Network ${id} could not be found.`, detail: '' },
});
const noRoute = {
  NeutronError: { type: 'HTTPNotFound', message: 'The resource could not be found.', detail: '' },
};

/** A Neutron that links to the previous page, and after each full page to a next one. */
async function neutron(rows: { id: string }[], pageLength = 1000) {
  const cloud = await SmallCloud.start({
    routes: (app: FastifyInstance) => {
      const root = '/network/v2.0/networks';
      app.get(root, (request) => {
        const { marker } = request.query as { marker?: string };
        const at = marker === undefined ? 0 : rows.findIndex(({ id }) => id === marker) + 1;
        const page = rows.slice(at, at + pageLength);
        const url = `http://inside.invalid:9696${request.url.replace('/network', '').replace(/&marker=.*/, '')}`;
        const next = { rel: 'next', href: `${url}&marker=${page.at(-1)?.id}` };
        const previous = { rel: 'previous', href: `${url}&marker=${page[0]?.id}&page_reverse=True` };
        return { networks: page, networks_links: page.length === pageLength ? [next, previous] : [previous] };
      });
      app.get(`${root}/:id`, (request, reply) => {
        const { id } = request.params as { id: string };
        const found = rows.find((row) => row.id === id);
        if (found) return { network: found };
        return reply.code(404).send(id === 'no-route' ? noRoute : missing(id));
      });
    },
  });
  return { cloud, session: cloud.session(), [Symbol.asyncDispose]: () => cloud[Symbol.asyncDispose]() };
}

test('networks are listed to their end, with the fields that are read and no others', async () => {
  const ids = ['a', 'b', 'c'];
  for (const pageLength of [1, 2, 3, 4]) {
    await using small = await neutron(
      ids.map((id) => ({ ...row, id })),
      pageLength,
    );

    const found = await listNetworks(small.session);

    expect(found).toEqual(ids.map((id) => ({ ...network, id })));
    const asked = new URL(small.cloud.seen[0]?.slice('GET '.length) ?? '', 'http://any').searchParams;
    expect(asked.getAll('fields').toSorted()).toEqual(Object.keys(row).toSorted());
    expect(small.cloud.seen).toHaveLength(Math.floor(ids.length / pageLength) + 1);
  }
});

test('a Neutron without extensions says less, which is unknown and not false', async () => {
  const { id, name, status, admin_state_up, shared, project_id } = row;
  await using small = await neutron([{ id, name, status, admin_state_up, shared, project_id } as typeof row]);

  expect(await listNetworks(small.session, { projectId: 'p1' as ProjectId })).toEqual([
    {
      ...network,
      mtu: null,
      portSecurityEnabled: null,
      l2Adjacency: null,
      dnsDomain: null,
      qosPolicyId: null,
      createdAt: null,
    },
  ]);
  expect(small.cloud.seen[0]).toMatch(/&project_id=p1$/);
});

test('a network that is not understood stays in the list', async () => {
  await using small = await neutron([{ ...row, id: 'torn', status: null } as never, row]);

  expect(await listNetworks(small.session)).toEqual([
    { kind: 'unreadable', id: 'torn', problem: expect.stringMatching(/^status: /) },
    network,
  ]);
});

test("only Neutron's word about the network is a 404, not that about a route", async () => {
  await using small = await neutron([row]);

  expect(await showNetwork(small.session, 'n1' as NetworkId)).toEqual(network);
  expect(await showNetwork(small.session, 'gone' as NetworkId)).toBeUndefined();
  await expect(showNetwork(small.session, 'no-route' as NetworkId)).rejects.toMatchObject({
    severity: 'transient',
  });
});
