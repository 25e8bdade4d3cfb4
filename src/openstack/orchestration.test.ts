import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { expect, test } from 'vitest';
import { SmallCloud } from '../../test/support/small-cloud.ts';
import type { ProjectId, StackId } from './model.ts';
import { findStack, readStackMembers, showStack } from './orchestration.ts';
import { readProjectStacks, readStacks } from './stack-list.ts';

interface Row {
  readonly id: string;
  readonly project: string;
}

/** Who may see what, as Heat's policies have it. */
class SmallHeat {
  stacks: Row[] = [];
  isAdministrator = false;
  mayUseGlobalTenant = false;
  maxPage = 1000;
  resources: unknown[] = [];
  outputs: unknown[] = [];

  readonly routes = (
    app: FastifyInstance,
    projectOf: (request: FastifyRequest) => string | undefined,
  ): void => {
    const root = '/orchestration/v1/:project/stacks';
    app.addHook('preHandler', async (request, reply) => {
      const { project } = request.params as { project: string };
      if (!this.isAdministrator && project !== projectOf(request)) await forbidden(reply);
    });
    app.get(root, (request, reply) => {
      const query = request.query as Record<string, string>;
      if (query['global_tenant'] && !this.mayUseGlobalTenant) return forbidden(reply);
      const seesAll = this.isAdministrator || query['global_tenant'] !== undefined;
      const rows = this.stacks
        .filter((stack) => seesAll || stack.project === projectOf(request))
        .filter((stack) => query['tenant'] === undefined || stack.project === query['tenant']);
      const start = rows.findIndex(({ id }) => id === query['marker']) + 1;
      const page = rows.slice(start, start + this.maxPage);
      const path = request.url.replace('/orchestration', '').replace(/&marker=.*/, '');
      const next = { rel: 'next', href: `http://inside.invalid:8004${path}&marker=${page.at(-1)?.id}` };
      return {
        stacks: page.map((stack) => row(stack, seesAll)),
        ...(page.length === this.maxPage ? { links: [next] } : {}),
      };
    });
    app.get(`${root}/:id`, (request, reply) => {
      const found = this.#find(request);
      if (!found) return notFound(reply);
      const path = `/v1/${found.project}/stacks/name-of-${found.id}/${found.id}`;
      return reply.redirect(`http://inside.invalid:8004${path}`, 302);
    });
    app.get(`${root}/:name/:id`, (request, reply) => {
      const found = this.#find(request);
      if (!found) return notFound(reply);
      const parameters = { 'OS::project_id': found.project };
      return { stack: { ...row(found, false), parameters, outputs: this.outputs } };
    });
    app.get(`${root}/:name/:id/resources`, () => ({ resources: this.resources }));
  };

  #find(request: FastifyRequest): Row | undefined {
    const { id, project } = request.params as { id: string; project: string };
    return this.stacks.find(
      (stack) => stack.id === id && (this.isAdministrator || stack.project === project),
    );
  }
}

function row({ id, project }: Row, withProject: boolean): object {
  return {
    id,
    stack_name: `name-of-${id}`,
    ...(withProject ? { project } : {}),
    parent: null,
    stack_status: 'CREATE_COMPLETE',
    stack_status_reason: '',
    stack_owner: 'ada',
    stack_user_project_id: 'owner',
    creation_time: '2026-11-22T19:16:10Z',
    updated_time: null,
  };
}

function forbidden(reply: FastifyReply): FastifyReply {
  const message = 'You are not authorized to use stacks:global_index.';
  return reply.code(403).send({ code: 403, title: 'Forbidden', error: { type: 'Forbidden', message } });
}

function notFound(reply: FastifyReply): FastifyReply {
  const message = 'The Stack (x) could not be found.';
  return reply.code(404).send({ code: 404, title: 'Not Found', error: { type: 'EntityNotFound', message } });
}

/** The user of the session is in project `admin`. */
async function start(options: { memberOf?: string[] } = {}) {
  const heat = new SmallHeat();
  heat.stacks = [
    { id: 'a', project: 'p1' },
    { id: 'b', project: 'p2' },
  ];
  const memberOf = options.memberOf ?? [];
  const cloud = await SmallCloud.start({
    routes: heat.routes,
    isMember: (project) => project === 'admin' || memberOf.includes(project),
  });
  return { heat, cloud, session: cloud.session(), [Symbol.asyncDispose]: () => cloud[Symbol.asyncDispose]() };
}

const projects = ['p1', 'p2'] as ProjectId[];
const ids = (list: { stacks: { id: string }[] }) => list.stacks.map(({ id }) => id);

test('an administrator gets the stacks of all projects, nested ones too, by one list', async () => {
  await using small = await start();
  small.heat.isAdministrator = true;

  const list = await readStacks(small.session, { projects: [] });

  expect(list.stacks.map(({ id, projectId }) => [id, projectId])).toEqual([
    ['a', 'p1'],
    ['b', 'p2'],
  ]);
  expect(list.unobserved.size).toBe(0);
  expect(small.cloud.seen).toEqual(['GET /orchestration/v1/admin/stacks?show_nested=true&limit=3000']);
});

test('the list is read to its last page', async () => {
  await using small = await start();
  small.heat.isAdministrator = true;
  small.heat.maxPage = 2;
  small.heat.stacks = Array.from({ length: 6 }, (_, at) => ({ id: `s${at}`, project: 'p1' }));

  const list = await readStacks(small.session, { projects: [] });

  expect(ids(list)).toEqual(['s0', 's1', 's2', 's3', 's4', 's5']);
});

test('who is no administrator uses global_tenant where policy allows it, and goes on so', async () => {
  await using small = await start();
  small.heat.mayUseGlobalTenant = true;

  const first = await readStacks(small.session, { projects });
  small.cloud.forget();
  const second = await readStacks(small.session, { projects });

  expect([ids(first), ids(second)]).toEqual([
    ['a', 'b'],
    ['a', 'b'],
  ]);
  expect(small.cloud.seen).toEqual([
    'GET /orchestration/v1/admin/stacks?show_nested=true&limit=3000&global_tenant=true',
  ]);
});

test('when policy takes global_tenant away, the other ways are tried again', async () => {
  await using small = await start({ memberOf: ['p1', 'p2'] });
  small.heat.mayUseGlobalTenant = true;
  await readStacks(small.session, { projects });

  small.heat.mayUseGlobalTenant = false;
  const refused = await readStacks(small.session, { projects });
  small.heat.isAdministrator = true;
  small.cloud.forget();
  const promoted = await readStacks(small.session, { projects });

  expect([ids(refused), ids(promoted)]).toEqual([
    ['a', 'b'],
    ['a', 'b'],
  ]);
  expect(small.cloud.seen).toEqual(['GET /orchestration/v1/admin/stacks?show_nested=true&limit=3000']);
});

test('under stock policy each project is listed by its member, and goes on so', async () => {
  await using small = await start({ memberOf: ['p1', 'p2'] });
  small.heat.stacks.push({ id: 'own', project: 'admin' });

  const first = await readStacks(small.session, { projects });
  small.cloud.forget();
  const second = await readStacks(small.session, { projects });

  expect([ids(first), ids(second)]).toEqual([
    ['a', 'b'],
    ['a', 'b'],
  ]);
  expect(small.cloud.logins).toEqual([]);
  expect(small.cloud.seen.toSorted()).toEqual([
    'GET /orchestration/v1/p1/stacks?show_nested=true&limit=3000&tenant=p1',
    'GET /orchestration/v1/p2/stacks?show_nested=true&limit=3000&tenant=p2',
  ]);
});

test('a project that cannot be listed is named with the reason, and does not look empty', async () => {
  await using small = await start({ memberOf: ['p2'] });

  const list = await readStacks(small.session, { projects });

  expect(ids(list)).toEqual(['b']);
  expect([...list.unobserved]).toEqual([['p1', expect.stringContaining('have no role in project p1')]]);
});

test('when no project can be listed there is no list', async () => {
  await using small = await start();

  await expect(readStacks(small.session, { projects })).rejects.toMatchObject({
    message: expect.stringContaining('none of 2 projects'),
    severity: 'terminal',
  });
});

test('an administrator whose role is taken away does not see an empty cloud', async () => {
  await using small = await start({ memberOf: ['p1'] });
  small.heat.isAdministrator = true;
  await readStacks(small.session, { projects });

  small.heat.isAdministrator = false;
  const list = await readStacks(small.session, { projects });

  expect(ids(list)).toEqual(['a']);
  expect([...list.unobserved.keys()]).toEqual(['p2']);
});

test('to an administrator a cloud without stacks is empty, though the user is a member of no project', async () => {
  await using small = await start();
  small.heat.isAdministrator = true;
  small.heat.stacks = [];

  const empty = await readStacks(small.session, { projects });
  small.heat.stacks = [{ id: 'new', project: 'p1' }];
  const later = await readStacks(small.session, { projects });

  expect([ids(empty), empty.unobserved.size, ids(later)]).toEqual([[], 0, ['new']]);
});

test('an abort is not taken for projects that cannot be listed', async () => {
  await using small = await start({ memberOf: ['p1', 'p2'] });
  const stop = new AbortController();
  small.cloud.faults.add({ service: 'cloud', path: /stacks/, kind: 'stall' });

  const list = readStacks(small.session, { projects }, stop.signal);
  stop.abort(new Error('stopping'));

  await expect(list).rejects.toThrow('stopping');
});

test.each([
  ['an administrator', true],
  ['a member', false],
])('to %s a project shows its stacks, and a stack itself', async (_, isAdministrator) => {
  await using small = await start({ memberOf: ['p1'] });
  small.heat.isAdministrator = isAdministrator;
  const [p1, a] = ['p1' as ProjectId, 'a' as StackId];

  const list = await readProjectStacks(small.session, p1);
  const shown = await showStack(small.session, { id: a, name: 'name-of-a', projectId: p1 });
  const found = await findStack(small.session, a, p1);

  expect(list.stacks).toMatchObject([{ id: 'a', projectId: 'p1', name: 'name-of-a', parentId: null }]);
  expect(shown).toMatchObject({ stack: { id: 'a', projectId: 'p1' } });
  expect(found).toEqual(shown);
});

test('one project without a role does not make the others be requested twice', async () => {
  await using small = await start({ memberOf: ['p2'] });
  small.heat.stacks.push({ id: 'own', project: 'admin' });
  await readStacks(small.session, { projects });
  small.cloud.forget();

  await readStacks(small.session, { projects });

  expect(small.cloud.seen.filter((request) => request.includes('/p2/'))).toHaveLength(1);
});

test('a refusal in between does not make a member of an administrator for ever', async () => {
  await using small = await start();
  small.heat.isAdministrator = true;
  small.cloud.faults.add({ service: 'cloud', path: /p1.stacks/, kind: 'answer', status: 403, times: 1 });

  const refused = readProjectStacks(small.session, 'p1' as ProjectId);

  await expect(refused).rejects.toMatchObject({ status: 401, severity: 'terminal' });
  expect(ids(await readProjectStacks(small.session, 'p1' as ProjectId))).toEqual(['a']);
});

test('what Heat does not know is undefined, and what a proxy does not know is an error', async () => {
  await using small = await start();
  small.heat.isAdministrator = true;
  const gone = { id: 'gone' as StackId, name: 'gone', projectId: 'p1' as ProjectId };

  expect(await showStack(small.session, gone)).toBeUndefined();
  expect(await findStack(small.session, gone.id)).toBeUndefined();

  small.cloud.faults.add({ service: 'cloud', path: /stacks/, kind: 'answer', status: 404 });
  await expect(showStack(small.session, gone)).rejects.toMatchObject({ status: 404, severity: 'transient' });
  await expect(findStack(small.session, gone.id)).rejects.toMatchObject({
    status: 404,
    severity: 'transient',
  });
});

test('outputs come in the order of their names, those without a value left out', async () => {
  await using small = await start();
  small.heat.isAdministrator = true;
  small.heat.outputs = [
    { output_key: 'web', output_value: '' },
    { output_key: 'later', output_value: null },
    { output_key: 'failed', output_error: 'no such attribute' },
    { output_key: 'addresses', output_value: ['10.0.0.1', { port: 80 }] },
    { output_key: 'count', output_value: 0 },
  ];

  const found = await findStack(small.session, 'a' as StackId);

  expect(found?.outputs).toEqual([
    { key: 'addresses', value: ['10.0.0.1', { port: 80 }] },
    { key: 'count', value: 0 },
    { key: 'web', value: '' },
  ]);
});

const treeOf = { id: 'a' as StackId, name: 'name of a', projectId: 'p1' as ProjectId };

test('of the resources only servers and server groups that have an id count', async () => {
  await using small = await start();
  small.heat.isAdministrator = true;
  small.heat.resources = [
    { resource_type: 'OS::Nova::Server', physical_resource_id: 's1' },
    { resource_type: 'OS::Nova::Server', physical_resource_id: '' },
    { resource_type: 'OS::Nova::Server', physical_resource_id: null },
    { resource_type: 'OS::Nova::ServerGroup', physical_resource_id: 'g1' },
    { resource_type: 'Custom::OS::Nova::Server', physical_resource_id: 'x' },
  ];

  const found = await readStackMembers(small.session, treeOf);

  expect(found).toEqual({ servers: ['s1'], serverGroups: ['g1'], volumes: [], networks: [] });
  expect(small.cloud.seen).toEqual([
    'GET /orchestration/v1/p1/stacks/name%20of%20a/a/resources?nested_depth=2147483647&type=OS%3A%3ANova%3A%3AServer',
  ]);
});

test('the volumes and networks of a stack are had with its servers in one request', async () => {
  await using small = await start();
  small.heat.isAdministrator = true;
  small.heat.resources = [
    { resource_type: 'OS::Nova::Server', physical_resource_id: 's1' },
    { resource_type: 'OS::Cinder::Volume', physical_resource_id: 'v1' },
    { resource_type: 'OS::Cinder::Volume', physical_resource_id: null },
    { resource_type: 'OS::Cinder::VolumeAttachment', physical_resource_id: 'v1' },
    { resource_type: 'OS::Cinder::VolumeType', physical_resource_id: 'x' },
    { resource_type: 'OS::Neutron::Net', physical_resource_id: 'n1' },
    { resource_type: 'OS::Neutron::NetworkGateway', physical_resource_id: 'x' },
    { resource_type: 'OS::Neutron::ProviderNet', physical_resource_id: 'n2' },
    { resource_type: 'OS::Neutron::Port', physical_resource_id: 'x' },
    { resource_type: 'OS::Heat::Value', physical_resource_id: 'v' },
    { resource_type: 'node.yaml', physical_resource_id: 'x' },
  ];

  const found = await readStackMembers(small.session, treeOf, ['server', 'volume', 'network']);

  expect(found).toEqual({ servers: ['s1'], serverGroups: [], volumes: ['v1'], networks: ['n1', 'n2'] });
  expect(small.cloud.seen).toEqual([
    'GET /orchestration/v1/p1/stacks/name%20of%20a/a/resources?nested_depth=2147483647',
  ]);
});
