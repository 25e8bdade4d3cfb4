import { createHash } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import type { Listing } from '../cloud/listing.ts';
import { StackBusy } from '../cloud/orchestration.ts';
import { type Resource, type Stack, statusOf } from '../cloud/stack.ts';
import type { Call } from './call.ts';
import { notInSandbox, Refusal, titles } from './refusal.ts';
import {
  type Answer,
  addManners,
  listBody,
  nextLink,
  type Site,
  webObNotFound,
  withToken,
} from './service.ts';
import { seconds } from './times.ts';

/** Orchestration (Heat) v1. */
export function addHeat(app: FastifyInstance, site: Site): void {
  const { cloud } = site;
  const { orchestration } = cloud;
  addManners(app, cloud, {
    requestIdHeaders: ['x-openstack-request-id'],
    refusalBody,
    noSuchRoute: webObNotFound,
  });
  /** A route below the project; only administrators get at projects other than their token's. */
  const route = (method: 'GET' | 'POST' | 'DELETE', url: string, answer: Answer) =>
    app.route({
      method,
      url: `/v1/:project${url}`,
      handler: withToken(site, async (call) => {
        const projectId = call.parameter('project');
        if (!call.project || !(isAdminContext(call) || projectId === call.project.id)) {
          throw new Refusal(403, explanations[403] ?? '');
        }
        if (projectId !== call.project.id) await call.meetProject(cloud.identity.projects.get(projectId));
        return answer(call);
      }),
    });

  app.get('/', (request, reply) =>
    reply.code(300).send({
      versions: [
        {
          id: 'v1.0',
          status: 'CURRENT',
          links: [{ rel: 'self', href: `http://${request.host}/v1/` }],
        },
      ],
    }),
  );

  route('GET', '/stacks', listStacks);
  route('GET', '/stacks/:name', (call) => {
    const asked = call.parameter('name');
    const stack = orchestration.stackNamed(call.parameter('project'), asked) ?? orchestration.stack(asked);
    const location = `${call.base}${stackPath(visible(call, stack, asked))}`;
    call.reply.code(302).header('location', location);
    return JSON.stringify({
      message: `The resource was found at <a href="${location}">${location}</a>;\nyou should be redirected automatically.\n\n`,
      code: '302 Found',
      title: 'Found',
    });
  });
  route('GET', '/stacks/:name/:id', async (call) => {
    const stack = findStack(call);
    await call.meet(stack.namedFault);
    return JSON.stringify({ stack: stackBody(call, stack) });
  });
  route('DELETE', '/stacks/:name/:id', (call) => {
    orchestration.deleteStack(findStack(call, 'live').id);
    call.reply.code(204);
    return undefined;
  });
  route('GET', '/stacks/:name/:id/resources', async (call) => {
    const stack = findStack(call);
    await call.meet(stack.namedFault);
    const depth = Math.min(wholeNumber(call, 'nested_depth') ?? 0, cloud.options.maxNestedStackDepth);
    const type = call.query.get('type') ?? '';
    const found = [...resourcesWithin(stack, depth)].filter(({ resource }) => resource.type.includes(type));
    return JSON.stringify({
      resources: found.map(({ resource, within }) => resourceBody(call, resource, within)),
    });
  });
  route('GET', '/stacks/:name/:id/events', async (call) => {
    const stack = findStack(call);
    await call.meet(stack.namedFault);
    for (const name of call.query.keys()) throw notInSandbox(`list events by ${name}`);
    return JSON.stringify({ events: eventsOf(call, stack) });
  });
  route('POST', '/stacks/:name/:id/actions', (call) => {
    const stack = findStack(call, 'live');
    const actions = Object.keys(call.body);
    const [action = ''] = actions;
    if (actions.length !== 1) {
      throw new Refusal(400, actions.length === 0 ? 'No action specified' : 'Multiple actions specified');
    }
    try {
      if (action === 'suspend') orchestration.suspendStack(stack.id);
      else if (action === 'resume') orchestration.resumeStack(stack.id);
      else if (action === 'check') orchestration.checkStack(stack.id);
      else if (action.startsWith('cancel_')) throw notInSandbox(`do ${action}`);
      else throw new Refusal(400, `Invalid action ${action} specified`);
    } catch (error) {
      if (error instanceof StackBusy) throw new Refusal(409, error.message, { type: 'ActionInProgress' });
      throw error;
    }
    return 'null';
  });
}

const explanations: Readonly<Record<number, string>> = {
  400: 'The server could not comply with the request since it is either malformed or otherwise incorrect.',
  403: 'Access was denied to this resource.',
  404: 'The resource could not be found.',
  409: 'There was a conflict when trying to complete your request.',
};

function refusalBody({ status, message, type }: Refusal): unknown {
  const title = titles[status] ?? '';
  if (status === 401) return { error: { code: 401, title, message } };
  return {
    code: status,
    title,
    explanation: explanations[status] ?? message,
    error: { type, traceback: null, message },
  };
}

/** What Heat's policy calls `context_is_admin`: the role admin, in the project of administrators. */
function isAdminContext(call: Call): boolean {
  return call.isAdmin && call.cloud.options.adminContext;
}

/** Rows are for the eyes of an administrator's token, or of one that may use `global_tenant`, with their project. */
function listStacks(call: Call): string {
  const { orchestration, options } = call.cloud;
  const { query } = call;
  const isGlobal = flag(call, 'global_tenant');
  if (isGlobal && !(call.isAdmin && options.heatGlobalIndex)) {
    throw new Refusal(403, 'You are not authorized to use stacks:global_index.', { type: 'Forbidden' });
  }
  for (const name of otherFilters) if (query.has(name)) throw notInSandbox(`list stacks by ${name}`);
  const seesAll = isGlobal || isAdminContext(call);
  const tenant = query.get('tenant');
  const projectId = seesAll ? (tenant ?? undefined) : call.project?.id;
  const limit = wholeNumber(call, 'limit');
  const marker = query.get('marker');
  const nested = flag(call, 'show_nested');
  const actions = query.getAll('action');
  const wanted = (stack: Stack) =>
    (nested || !stack.parent) &&
    (tenant === null || stack.projectId === tenant) &&
    [null, stack.result, statusOf(stack)].includes(query.get('status')) &&
    (actions.length === 0 || actions.includes(stack.action)) &&
    (query.get('name') ?? stack.name) === stack.name &&
    (query.get('id') ?? stack.id) === stack.id;

  const rows: string[] = [];
  let count = 0;
  let last: Stack | undefined;
  // An unknown marker begins at the beginning.
  const all = flag(call, 'show_deleted')
    ? orchestration.everyStack(projectId)
    : orchestration.stacks(projectId);
  for (const stack of inOrder(call, all, orchestration.stack(marker ?? ''))) {
    if (!wanted(stack)) continue;
    count++;
    if (rows.length >= (limit ?? Number.POSITIVE_INFINITY)) {
      if (!flag(call, 'with_count')) break;
      continue;
    }
    rows.push(JSON.stringify(rowBody(call, stack, seesAll)));
    last = stack;
  }
  const isFull = limit !== undefined && limit > 0 && rows.length === limit && last;
  return listBody('stacks', rows, {
    ...(isFull ? { links: [nextLink(call, `/v1/${call.parameter('project')}/stacks`, isFull.id)] } : {}),
    ...(flag(call, 'with_count') ? { count } : {}),
  });
}

/** Newest first, or as the request says: MariaDB sorts those without a time to the end of a descending list. */
function inOrder(call: Call, all: Listing<Stack>, marker: Stack | undefined): Iterable<Stack> {
  const { query } = call;
  const [key, direction] = [query.get('sort_keys'), query.get('sort_dir')];
  if (key === null) {
    if (direction !== null) throw notInSandbox('list stacks by sort_dir alone');
    return all.behind(marker);
  }
  if (key !== 'updated_time' || direction !== 'desc') throw notInSandbox(`list stacks by ${key}`);
  if (marker) throw notInSandbox('continue a list of stacks that is sorted by their update');
  const time = ({ updatedAt }: Stack) => Math.floor((updatedAt ?? 0) / 1_000);
  return [...all].sort((a, b) => time(b) - time(a) || (a.id < b.id ? 1 : -1));
}

/** What Heat can list by besides. */
const otherFilters = ['not_tags', 'not_tags_any', 'owner_id', 'show_hidden', 'tags', 'tags_any', 'username']; // prettier-ignore

function visible(call: Call, stack: Stack | undefined, asked: string): Stack {
  if (stack && (isAdminContext(call) || stack.projectId === call.project?.id)) return stack;
  throw new Refusal(404, `The Stack (${asked}) could not be found.`, { type: 'EntityNotFound' });
}

/** By id and name; deleted ones too, unless it must be `live`. */
function findStack(call: Call, must?: 'live'): Stack {
  const name = call.parameter('name');
  const stack = call.cloud.orchestration.stack(call.parameter('id'));
  const fits = stack?.name === name && !(must === 'live' && stack.deletedAt !== undefined);
  return visible(call, fits ? stack : undefined, name);
}

function* resourcesWithin(stack: Stack, depth: number): Generator<{ resource: Resource; within: Stack }> {
  for (const resource of stack.resources) yield { resource, within: stack };
  if (depth === 0) return;
  for (const { nested } of stack.resources) if (nested) yield* resourcesWithin(nested, depth - 1);
}

function wholeNumber(call: Call, name: string): number | undefined {
  const text = call.query.get(name);
  if (text === null) return undefined;
  if (/^\d+$/.test(text)) return Number(text);
  throw new Refusal(400, `Only integer is acceptable by '${name}'.`);
}

function flag(call: Call, name: string): boolean {
  return call.query.get(name)?.toLowerCase() === 'true';
}

function stackPath(stack: Stack, projectId = stack.projectId): string {
  return `/v1/${projectId}/stacks/${encodeURIComponent(stack.name)}/${stack.id}`;
}

function stackLinks(call: Call, stack: Stack) {
  return [{ href: call.base + stackPath(stack), rel: 'self' }];
}

function rowBody(call: Call, stack: Stack, withProject: boolean) {
  return {
    id: stack.id,
    links: stackLinks(call, stack),
    ...(withProject ? { project: stack.projectId } : {}),
    stack_name: stack.name,
    description: '',
    stack_status: statusOf(stack),
    stack_status_reason: stack.reason,
    creation_time: seconds(stack.createdAt),
    updated_time: seconds(stack.updatedAt),
    deletion_time: seconds(stack.deletedAt),
    stack_owner: stack.owner,
    parent: stack.parent?.id ?? null,
    stack_user_project_id: stack.stackUserProjectId,
    tags: stack.tags,
  };
}

function stackBody(call: Call, stack: Stack) {
  const description = stack.template?.description ?? 'No description';
  return {
    stack_name: stack.name,
    id: stack.id,
    links: stackLinks(call, stack),
    creation_time: seconds(stack.createdAt),
    updated_time: seconds(stack.updatedAt),
    deletion_time: seconds(stack.deletedAt),
    notification_topics: [],
    parameters: {
      'OS::stack_id': stack.id,
      'OS::project_id': stack.projectId,
      'OS::stack_name': stack.name,
      ...stack.template?.parameters,
    },
    description,
    template_description: description,
    capabilities: [],
    disable_rollback: true,
    timeout_mins: stack.timeoutMins,
    stack_owner: stack.owner,
    parent: stack.parent?.id ?? null,
    stack_user_project_id: stack.stackUserProjectId,
    tags: stack.tags ?? [],
    stack_status: statusOf(stack),
    stack_status_reason: stack.reason,
    ...(hasOutputs(call, stack) ? { outputs: outputBodies(call, stack) } : {}),
  };
}

function hasOutputs(call: Call, stack: Stack): boolean {
  const isAsked = call.query.get('resolve_outputs')?.toLowerCase() !== 'false';
  return isAsked && stack.deletedAt === undefined;
}

function outputBodies(call: Call, stack: Stack) {
  const isDeleting = stack.action === 'DELETE';
  return call.cloud.orchestration.outputs(stack).map(({ key, description, value }) => ({
    output_key: key,
    description,
    ...(isDeleting ? { output_error: 'The specified reference (in unknown) is incorrect.' } : {}),
    output_value: isDeleting ? null : value,
  }));
}

/** Newest first: that each resource was made, and is deleted. What happened in between is left out. */
function eventsOf(call: Call, stack: Stack) {
  const present = stack.resources.filter(({ action }) => action !== 'DELETE');
  const events = [
    ...[...present, ...stack.former].flatMap((resource) =>
      resource.physicalId === '' ? [] : [{ ...resource, at: resource.createdAt, status: 'CREATE_COMPLETE' }],
    ),
    ...stack.former.map((resource) => ({ ...resource, at: resource.deletedAt, status: 'DELETE_COMPLETE' })),
  ];
  return events.sort((a, b) => b.at - a.at).map((event) => eventBody(call, stack, event));
}

function eventBody(
  call: Call,
  stack: Stack,
  { name, physicalId, at, status }: Pick<Resource, 'name' | 'physicalId'> & { at: number; status: string },
) {
  const href = call.base + stackPath(stack);
  const id = hexId(`${stack.id} ${physicalId} ${status}`);
  return {
    id,
    links: [
      { href: `${href}/resources/${name}/events/${id}`, rel: 'self' },
      { href: `${href}/resources/${name}`, rel: 'resource' },
      { href, rel: 'stack' },
    ],
    event_time: seconds(at),
    logical_resource_id: name,
    resource_name: name,
    physical_resource_id: physicalId,
    resource_status: status,
    resource_status_reason: 'state changed',
  };
}

/** A UUID that follows from a text. */
function hexId(text: string): string {
  const hex = createHash('md5').update(text).digest('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

function resourceBody(call: Call, resource: Resource, within: Stack) {
  const { nested } = resource;
  const path = stackPath(within);
  return {
    updated_time: seconds(resource.createdAt),
    creation_time: seconds(resource.createdAt),
    logical_resource_id: resource.name,
    resource_name: resource.name,
    physical_resource_id: resource.physicalId,
    resource_status: statusOf(resource),
    resource_status_reason: resource.reason,
    resource_type: resource.type,
    links: [
      { href: `${call.base}${path}/resources/${resource.name}`, rel: 'self' },
      { href: call.base + path, rel: 'stack' },
      // Heat builds this one with the caller's project, whatever project the stack is in.
      ...(nested ? [{ href: call.base + stackPath(nested, call.project?.id), rel: 'nested' }] : []),
    ],
    required_by: resource.requiredBy,
    ...(within.parent ? { parent_resource: within.parentResource } : {}),
  };
}
