import * as fc from 'fast-check';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { expect, test } from 'vitest';
import { SmallCloud } from '../../test/support/small-cloud.ts';
import {
  listDeletedServers,
  listFlavors,
  listServerGroups,
  listServers,
  showFlavor,
  showServer,
} from './compute.ts';
import type { FlavorId, ServerId } from './model.ts';

interface Row {
  readonly id?: string;
  readonly [field: string]: unknown;
}

/** Lists by page as Nova's own are: as long as asked for, but not longer than `maxLimit`. */
class SmallNova {
  rows: Row[] = [];
  maxLimit = 1000;
  /** Refuses the page of this number, counted from 0, with this status. */
  failure: { page: number; status: number } | undefined;
  pages = 0;
  seen: FastifyRequest[] = [];
  version = '2.100';
  /** Whether each page links to another one and has no rows. */
  isEndless = false;

  readonly routes = (app: FastifyInstance): void => {
    const root = '/compute/v2.1';
    app.get(`${root}/`, () => ({ version: { version: this.version, min_version: '2.1' } }));
    app.get(`${root}/servers/detail`, (request) => this.#marked(request, 'servers'));
    app.get(`${root}/flavors/detail`, (request) => this.#marked(request, 'flavors'));
    app.get(`${root}/os-server-groups`, (request) => {
      const { offset } = request.query as { offset: string };
      return { server_groups: this.#page(request, Number(offset)) };
    });
    app.get(`${root}/servers/:id`, (request) => ({ server: this.#find(request) }));
    app.get(`${root}/flavors/:id`, (request) => ({ flavor: this.#find(request) }));
  };

  /** The links name a host that is not there: only their path counts. */
  #marked(request: FastifyRequest, name: string): object {
    const { marker, limit } = request.query as { marker?: string; limit: string };
    const page = this.#page(
      request,
      marker === undefined ? 0 : this.rows.findIndex(({ id }) => id === marker) + 1,
    );
    if (this.isEndless) {
      const href = `http://inside.invalid:8774${request.url.replace('/compute', '').replace(/[?&]marker=.*/, '')}&marker=${this.pages}`;
      return { [name]: [], [`${name}_links`]: [{ rel: 'next', href }] };
    }
    if (page.length < Math.min(Number(limit), this.maxLimit)) return { [name]: page };
    const path = request.url.replace('/compute', '').replace(/[?&]marker=.*/, '');
    const next = `http://inside.invalid:8774${path}&marker=${page.at(-1)?.id}`;
    return { [name]: page, [`${name}_links`]: [{ rel: 'next', href: next }] };
  }

  #page(request: FastifyRequest, start: number): Row[] {
    this.seen.push(request);
    if (this.failure?.page === this.pages++) throw new Refusal(this.failure.status);
    const { limit } = request.query as { limit: string };
    return this.rows.slice(start, start + Math.min(Number(limit), this.maxLimit));
  }

  #find(request: FastifyRequest): Row {
    const { id } = request.params as { id: string };
    const row = this.rows.find((row) => row.id === id);
    if (!row) throw new Refusal(404);
    return row;
  }
}

/** Fastify answers `{ statusCode, error, message }`: a proxy's word, not Nova's. */
class Refusal extends Error {
  readonly statusCode: number;

  constructor(statusCode: number) {
    super('refused');
    this.statusCode = statusCode;
  }
}

function serverRow(row: Row = {}): Row {
  return {
    id: 's1',
    name: 'node0',
    status: 'ACTIVE',
    tenant_id: 'p1',
    created: '2026-11-22T19:14:44Z',
    flavor: { id: '1' },
    addresses: {},
    key_name: null,
    'OS-EXT-STS:vm_state': 'active',
    'OS-EXT-STS:task_state': null,
    ...row,
  };
}

/** A row that is read as a server, as a flavor and as a server group. */
function anyRow(id: string): Row {
  return { ...serverRow({ id }), vcpus: 1, ram: 512, disk: 0, project_id: 'p1', members: [] };
}

async function start() {
  const nova = new SmallNova();
  const cloud = await SmallCloud.start({ routes: nova.routes });
  return { nova, cloud, session: cloud.session(), [Symbol.asyncDispose]: () => cloud[Symbol.asyncDispose]() };
}

test("whatever Nova's longest page, a list is whole, and with a page missing it is an error", async () => {
  await using small = await start();
  const { nova, session } = small;
  const lists = {
    servers: () => listServers(session),
    flavors: () => listFlavors(session),
    'server groups': () => listServerGroups(session),
  };

  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...(Object.keys(lists) as (keyof typeof lists)[])),
      fc.nat({ max: 30 }),
      fc.integer({ min: 1, max: 12 }),
      fc.option(fc.nat({ max: 10 }), { nil: undefined }),
      async (kind, count, maxLimit, failingPage) => {
        nova.rows = Array.from({ length: count }, (_, at) => anyRow(`id-${at}`));
        nova.maxLimit = maxLimit;
        nova.failure = failingPage === undefined ? undefined : { page: failingPage, status: 500 };
        nova.pages = 0;

        const outcome = await lists[kind]().then(
          (rows: { id: string }[]) => rows.map(({ id }) => id),
          (error: unknown) => error,
        );

        const failed = failingPage !== undefined && nova.pages > failingPage;
        if (failed)
          expect(outcome).toMatchObject({ name: 'OpenStackError', status: 500, severity: 'transient' });
        else expect(outcome).toEqual(nova.rows.map(({ id }) => id));
      },
    ),
    { numRuns: 60 },
  );
});

test('servers of all projects are requested, at the negotiated microversion', async () => {
  await using small = await start();

  await listServers(small.session);

  expect(small.nova.seen.map(({ url }) => url)).toEqual([
    '/compute/v2.1/servers/detail?all_tenants=1&limit=1000',
  ]);
  expect(small.nova.seen[0]?.headers).toMatchObject({
    'openstack-api-version': 'compute 2.100',
    'x-openstack-nova-api-version': '2.100',
  });
});

test('a server that the list shows on two pages, because it shifted, counts once', async () => {
  await using small = await start();
  small.nova.maxLimit = 2;
  small.nova.rows = ['a', 'b', 'a', 'c'].map((id) => serverRow({ id }));

  const servers = await listServers(small.session);

  expect(servers.map(({ id }) => id)).toEqual(['a', 'b', 'c']);
});

test('a page that leads back to one that was read is an error, not an endless list', async () => {
  await using small = await start();
  small.nova.maxLimit = 2;
  small.nova.rows = ['a', 'b', 'c', 'b'].map((id) => serverRow({ id }));

  await expect(listServers(small.session)).rejects.toMatchObject({
    name: 'BodyError',
    severity: 'transient',
  });
});

test('a marker that is gone makes the list an error that the next run may heal', async () => {
  await using small = await start();
  small.nova.maxLimit = 2;
  small.nova.rows = ['a', 'b', 'c'].map((id) => serverRow({ id }));
  small.nova.failure = { page: 1, status: 400 };

  await expect(listServers(small.session)).rejects.toMatchObject({ status: 400, severity: 'transient' });
});

test('a server that cannot be read stays in the list with its id', async () => {
  await using small = await start();
  small.nova.rows = [
    serverRow({ id: 'a', addresses: 'none' }),
    { id: 'b', status: 'UNKNOWN', tenant_id: 'p1', created: '2026-11-22T19:14:44Z', links: [] },
    serverRow({ id: 'c' }),
  ];

  const servers = await listServers(small.session);

  expect(servers).toMatchObject([
    { kind: 'unreadable', id: 'a', problem: expect.stringMatching(/^addresses: /) },
    { kind: 'unreadable', id: 'b', problem: 'Nova cannot reach the cell that it is in' },
    { kind: 'server', id: 'c' },
  ]);
});

test('a server without an id makes the list an error', async () => {
  await using small = await start();
  small.nova.rows = [serverRow({ id: 'a' }), { name: 'nameless', status: 'ACTIVE' }];

  await expect(listServers(small.session)).rejects.toMatchObject({
    name: 'BodyError',
    message: expect.stringContaining('a server without an id'),
  });
});

test("Heat's hint tells the root stack, and other hints do no harm", async () => {
  await using small = await start();
  small.nova.rows = [
    serverRow({ id: 'a', scheduler_hints: { heat_root_stack_id: ['root'], heat_stack_id: ['nested'] } }),
    serverRow({ id: 'b', scheduler_hints: { heat_root_stack_id: 'root' } }),
    serverRow({ id: 'c', scheduler_hints: { group: ['g'], heat_root_stack_id: { odd: 1 } } }),
    serverRow({ id: 'd', scheduler_hints: {} }),
  ];

  const servers = await listServers(small.session);

  expect(servers.map((server) => server.kind === 'server' && server.rootStackId)).toEqual([
    'root',
    'root',
    null,
    null,
  ]);
});

test.each([
  ['ACTIVE', 'active', null],
  ['SHUTOFF', 'stopped', null],
  ['BUILD', 'building', null],
  ['HARD_REBOOT', 'active', 'rebooting_hard'],
  ['REVERT_RESIZE', 'resized', 'resize_reverting'],
  ['SOFT_DELETED', 'soft-delete', null],
  ['TELEPORTED', 'teleported', null],
])('where policy hides the states, %s stands for %s, %s', async (status, vmState, taskState) => {
  await using small = await start();
  const hidden = { 'OS-EXT-STS:vm_state': undefined, 'OS-EXT-STS:task_state': undefined };
  small.nova.rows = [serverRow({ id: 'a', status, ...hidden })];

  expect(await showServer(small.session, 'a' as ServerId)).toMatchObject({ vmState, taskState });
});

test('deleted servers are listed by id, and one that is shown as deleted is not there', async () => {
  await using small = await start();
  small.nova.rows = [
    serverRow({ id: 'a', status: 'DELETED', 'OS-EXT-STS:vm_state': 'deleted' }),
    serverRow({ id: 'b', status: 'SOFT_DELETED', 'OS-EXT-STS:vm_state': 'soft-delete' }),
  ];

  const deleted = await listDeletedServers(small.session, { since: '2026-11-22T00:00:00.000Z' });

  expect(deleted).toEqual(['a']);
  expect(await showServer(small.session, 'a' as ServerId)).toBeUndefined();
  expect(await showServer(small.session, 'b' as ServerId)).toMatchObject({ vmState: 'soft-delete' });
  expect(small.nova.seen[0]?.query).toMatchObject({
    all_tenants: '1',
    deleted: 'true',
    'changes-since': '2026-11-22T00:00:00.000Z',
  });
});

test("a 404 that is not Nova's own is an error, not an absence", async () => {
  await using small = await start();

  await expect(showServer(small.session, 'gone' as ServerId)).rejects.toMatchObject({
    status: 404,
    severity: 'transient',
  });
  await expect(showFlavor(small.session, 'gone' as FlavorId)).rejects.toMatchObject({
    status: 404,
    severity: 'transient',
  });
});

test('a microversion that Nova no longer takes is negotiated again by the next request', async () => {
  await using small = await start();
  await listFlavors(small.session);
  small.nova.version = '2.93';
  small.nova.failure = { page: small.nova.pages, status: 406 };

  await expect(listFlavors(small.session)).rejects.toMatchObject({ status: 406 });
  await listFlavors(small.session);

  expect(small.nova.seen.at(-1)?.headers['openstack-api-version']).toBe('compute 2.90');
});

test('pages without rows that each promise another are given up after a few, with what is wrong', async () => {
  await using t = await start();
  t.nova.isEndless = true;

  await expect(listServers(t.session)).rejects.toThrow('a next page again and again');
  expect(t.nova.pages).toBe(3);
});
