/** Orchestration (Heat) v1. */
import { parseBody, parseRows } from '../http/body.ts';
import type { HttpResponse } from '../http/client.ts';
import { ListBody } from '../http/list-body.ts';
import { memoryOfEach } from '../http/row-memory.ts';
import { parseTime } from '../runtime/clock.ts';
import { explain, ServiceError, severityOf } from '../runtime/severity.ts';
import { asAdministratorOrMember } from './as-administrator-or-member.ts';
import { assertNotFound, OpenStackError } from './errors.ts';
import type {
  Kind,
  NetworkId,
  ProjectId,
  ServerGroupId,
  ServerId,
  Stack,
  StackId,
  StackMembers,
  StackOutputs,
  Unreadable,
  VolumeId,
} from './model.ts';
import { type PagedShape, readPages } from './paging.ts';
import { isUnreadable, rowOrUnreadable } from './row.ts';
import type { Session } from './session.ts';
import * as wire from './wire/orchestration.ts';

/** The rows of a list of stacks. */
interface StackRows {
  /** Roots and nested ones. */
  readonly stacks: Stack[];
  /** Roots and nested ones whose id alone could be read. They exist. */
  readonly unreadable: Unreadable<StackId>[];
}

/** The stacks of the cloud, as far as they can be seen. */
export interface StackList extends StackRows {
  /** Heat's clock when the list was begun, ms since 1970; 0 when there was no project to list. */
  readonly at: number;
  /** Projects whose stacks could not be listed, with the reason. They are not empty. */
  readonly unobserved: ReadonlyMap<ProjectId, string>;
}

/** One stack with what only its own page shows. */
export interface StackDetail {
  readonly stack: Stack;
  readonly outputs: StackOutputs;
  /** By Heat's clock, ms since 1970; undefined: it is not deleted. */
  readonly deletedAt: number | undefined;
  /** The values it was created with; Heat masks hidden parameters. */
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** Heat names a stack by these three. */
export type StackRef = Pick<Stack, 'id' | 'name' | 'projectId'>;

/** Heat sets no limit of its own. A row is half a kilobyte, and a cluster of the cluster builder's is five. */
const pageSize = 3000;

/** A row of a list of stacks: its project is shown to administrators only. */
type StackRow = Omit<Stack, 'projectId'> & { readonly projectId: ProjectId | undefined };

type ListedRow = StackRow | Unreadable<StackId>;

const stackRows: PagedShape<ListedRow> = {
  field: 'stacks',
  row: rowOrUnreadable<StackRow, StackId>(wire.Stack.transform(toRow), 'a stack'),
  links: 'links',
};

/** The stacks of the whole cloud, as each session saw them last. */
const memoryOf = memoryOfEach<ListedRow>();

/** Heat lowers this to its `max_nested_stack_depth`; no tree is deeper. */
const everyDepth = 2 ** 31 - 1;

/** The types of Heat resources that are members of each kind. */
const resourceTypes = {
  servers: ['OS::Nova::Server'],
  serverGroups: ['OS::Nova::ServerGroup'],
  volumes: ['OS::Cinder::Volume'],
  networks: ['OS::Neutron::Net', 'OS::Neutron::ProviderNet'],
} as const satisfies Record<keyof StackMembers, readonly string[]>;

/** How sessions that are no administrator's get at the stacks of all projects, as far as is known. */
const ways = new WeakMap<Session, 'global tenant' | 'project by project'>();

/**
 * The stacks of all projects. To an administrator Heat lists them all, and its rows name their project; else
 * `global_tenant` does, where policy allows it; else each of `projects` is listed by itself.
 *
 * @throws {ServiceError} none of `projects` can be listed
 */
export async function readStacks(
  session: Session,
  options: { projects: readonly ProjectId[] },
  signal?: AbortSignal,
): Promise<StackList> {
  return (await listAll(session, signal)) ?? listEach(session, options.projects, signal);
}

/** How a session can list the stacks of all projects. `unknown`: it sees none, which a cloud without stacks shows too. */
export type WayToAllStacks = 'administrator' | 'global tenant' | 'project by project' | 'unknown';

/** Finds out which way of `readStacks` works, by requesting a single stack each way. */
export async function wayToAllStacks(session: Session, signal?: AbortSignal): Promise<WayToAllStacks> {
  const first = async (query: Record<string, boolean>) => {
    const path = '/stacks';
    const into = new ListBody(stackRows);
    const response = await session.request('orchestration', {
      method: 'GET',
      path,
      route: path,
      query: { limit: 1, ...query },
      accept: [403],
      into,
      signal,
    });
    return response.status === 403 ? undefined : into.rowsOf(response);
  };
  const own = await first({});
  if (own?.some(namesItsProject)) return 'administrator';
  if (await first({ global_tenant: true })) return 'global tenant';
  return own?.some(isReadable) === false ? 'unknown' : 'project by project';
}

/** The stacks of one project, and Heat's clock when the list was begun. */
export async function readProjectStacks(
  session: Session,
  projectId: ProjectId,
  signal?: AbortSignal,
): Promise<StackRows & { readonly at: number }> {
  // `tenant` keeps the others out where the session is an administrator's.
  const query = { tenant: projectId };
  const { rows, at } = await asAdministratorOrMember(session, projectId, (as) =>
    list(as, { query, project: projectId, signal }),
  );
  const { stacks, unreadable } = sorted(rows, projectId);
  return { stacks: stacks.filter((stack) => stack.projectId === projectId), unreadable, at };
}

/** One stack with its outputs, DELETE_COMPLETE ones too; undefined when Heat knows no such stack. */
export async function showStack(
  session: Session,
  stack: StackRef,
  signal?: AbortSignal,
): Promise<StackDetail | undefined> {
  const response = await asAdministratorOrMember(session, stack.projectId, (as) =>
    as.request('orchestration', {
      method: 'GET',
      path: pathOf(stack),
      route: '/stacks/{name}/{id}',
      project: stack.projectId,
      accept: [404],
      signal,
    }),
  );
  return readStack(response);
}

/** As `showStack`, by the id alone. Without `projectId` only an administrator finds stacks of other projects. */
export async function findStack(
  session: Session,
  id: StackId,
  projectId?: ProjectId,
  signal?: AbortSignal,
): Promise<StackDetail | undefined> {
  const find = async (as: Session) => {
    const response = await as.request('orchestration', {
      method: 'GET',
      path: `/stacks/${encodeURIComponent(id)}`,
      route: '/stacks/{id}',
      ...(projectId === undefined ? {} : { project: projectId }),
      accept: [302, 404],
      signal,
    });
    const location = response.headers['location'];
    if (response.status !== 302 || location === undefined) return response;
    return as.follow('orchestration', location, { route: '/stacks/{name}/{id}', accept: [404], signal });
  };
  return readStack(
    projectId === undefined ? await find(session) : await asAdministratorOrMember(session, projectId, find),
  );
}

/**
 * The members of a stack and of the stacks nested in it, at any depth. A resource that is not created yet has
 * no id and is left out, and so are resources of other kinds than `kinds`.
 */
export async function readStackMembers(
  session: Session,
  stack: StackRef,
  kinds: readonly Kind[] = ['server'],
  signal?: AbortSignal,
): Promise<StackMembers> {
  const serversOnly = kinds.every((kind) => kind === 'server');
  const response = await asAdministratorOrMember(session, stack.projectId, (as) =>
    as.request('orchestration', {
      method: 'GET',
      path: `${pathOf(stack)}/resources`,
      route: '/stacks/{name}/{id}/resources',
      // Heat matches one text anywhere in the type's name: this one finds server groups too; no single text
      // finds all kinds.
      query: { nested_depth: everyDepth, type: serversOnly ? 'OS::Nova::Server' : undefined },
      project: stack.projectId,
      signal,
    }),
  );
  const resources = parseRows(response, { field: 'resources', row: wire.Resource });
  const idsOf = <Id extends string>(kind: Kind, types: readonly string[]) => {
    if (!kinds.includes(kind)) return [];
    const found = resources.filter((resource) => types.includes(resource.resource_type));
    return found.flatMap(({ physical_resource_id: id }) => (id ? [id as Id] : []));
  };
  return {
    servers: idsOf<ServerId>('server', resourceTypes.servers),
    serverGroups: idsOf<ServerGroupId>('server', resourceTypes.serverGroups),
    volumes: idsOf<VolumeId>('volume', resourceTypes.volumes),
    networks: idsOf<NetworkId>('network', resourceTypes.networks),
  };
}

/** The ids, in their own services, of all resources of a stack and of the stacks nested in it. */
export async function readResourceIds(session: Session, stack: StackRef): Promise<ReadonlySet<string>> {
  const response = await asAdministratorOrMember(session, stack.projectId, (as) =>
    as.request('orchestration', {
      method: 'GET',
      path: `${pathOf(stack)}/resources`,
      route: '/stacks/{name}/{id}/resources',
      query: { nested_depth: everyDepth },
      project: stack.projectId,
    }),
  );
  const resources = parseRows(response, { field: 'resources', row: wire.Resource });
  return new Set(resources.flatMap(({ physical_resource_id: id }) => id ?? []));
}

/**
 * Has Heat begin to delete the stack with all that is in it; a deletion that is under way goes on.
 *
 * @throws {OpenStackError} 404: no such stack; 403: not allowed
 */
export async function deleteStack(session: Session, stack: StackRef): Promise<void> {
  await asAdministratorOrMember(session, stack.projectId, (as) =>
    as.request('orchestration', {
      method: 'DELETE',
      path: pathOf(stack),
      route: '/stacks/{name}/{id}',
      project: stack.projectId,
    }),
  );
}

/**
 * Has Heat begin to suspend or resume all that is in the stack.
 *
 * @throws {OpenStackError} 409: something else is under way with it; 404: no such stack; 403: not allowed
 */
export async function actOnStack(
  session: Session,
  stack: StackRef,
  action: 'suspend' | 'resume',
): Promise<void> {
  await asAdministratorOrMember(session, stack.projectId, (as) =>
    as.request('orchestration', {
      method: 'POST',
      path: `${pathOf(stack)}/actions`,
      route: `/stacks/{name}/{id}/actions ${action}`,
      body: { [action]: null },
      project: stack.projectId,
    }),
  );
}

/** All stacks in one list; undefined when this session has no way to it. */
async function listAll(session: Session, signal: AbortSignal | undefined): Promise<StackList | undefined> {
  const way = ways.get(session);
  if (way === 'project by project') return undefined;
  let ownOnly = false;
  if (way !== 'global tenant') {
    const { rows, at } = await list(session, { signal });
    if (rows.some(namesItsProject)) return { ...sorted(rows), at, unobserved: new Map() };
    // An empty list is inconclusive: the cloud may have no stacks, or the session may see only its own
    // project, which has none.
    ownOnly = rows.some(isReadable);
  }
  try {
    const { rows, at } = await list(session, { query: { global_tenant: true }, signal });
    ways.set(session, 'global tenant');
    return { ...sorted(rows), at, unobserved: new Map() };
  } catch (error) {
    if (!(error instanceof OpenStackError && error.status === 403)) throw error;
    if (ownOnly) ways.set(session, 'project by project');
    else ways.delete(session);
    return undefined;
  }
}

async function listEach(
  session: Session,
  projects: readonly ProjectId[],
  signal: AbortSignal | undefined,
): Promise<StackList> {
  const unobserved = new Map<ProjectId, string>();
  let failure: unknown;
  const lists = await Promise.all(
    projects.map(async (projectId) => {
      try {
        return await readProjectStacks(session, projectId, signal);
      } catch (error) {
        signal?.throwIfAborted();
        unobserved.set(projectId, explain(error));
        failure = error;
        return undefined;
      }
    }),
  );
  const read = lists.filter((list) => list !== undefined);
  if (read.length === 0 && projects.length > 0) {
    throw new ServiceError(
      `Heat let the stacks of none of ${projects.length} projects be listed: ${explain(failure)}`,
      {
        severity: severityOf(failure),
        hint: 'The user needs the role admin in its project, or a role in each project that Heat lets list stacks.',
        cause: failure,
      },
    );
  }
  return {
    stacks: read.flatMap(({ stacks }) => stacks),
    unreadable: read.flatMap(({ unreadable }) => unreadable),
    at: read.length === 0 ? 0 : Math.min(...read.map(({ at }) => at)),
    unobserved,
  };
}

async function list(
  session: Session,
  options: { query?: Record<string, string | boolean>; project?: ProjectId; signal: AbortSignal | undefined },
): Promise<{ rows: ListedRow[]; at: number }> {
  const { query, ...rest } = options;
  const request = {
    method: 'GET',
    path: '/stacks',
    route: '/stacks',
    query: { show_nested: true, limit: pageSize, ...query },
    ...rest,
  } as const;
  // A list of one project must not have the others' rows forgotten.
  const memory = options.project === undefined ? memoryOf(session) : undefined;
  return readPages(session, 'orchestration', request, stackRows, memory);
}

/** The path of a stack; the paths of its resources and events begin with it. */
export function pathOf({ name, id }: StackRef): string {
  return `/stacks/${encodeURIComponent(name)}/${encodeURIComponent(id)}`;
}

function readStack(response: HttpResponse): StackDetail | undefined {
  if (response.status === 404) {
    assertNotFound(response);
    return undefined;
  }
  const { stack } = parseBody(response, wire.StackBody);
  const outputs = stack.outputs
    .filter((output) => output.output_value !== null && output.output_value !== undefined)
    .map((output) => ({ key: output.output_key, value: output.output_value }))
    .sort((one, other) => (one.key < other.key ? -1 : 1));
  const { parameters } = stack;
  return {
    stack: { ...toRow(stack), projectId: parameters['OS::project_id'] as ProjectId },
    outputs,
    deletedAt: parseTime(stack.deletion_time ?? ''),
    parameters,
  };
}

/** @param ofAll project of the rows that name none; undefined: such a row is unreadable */
function sorted(rows: readonly ListedRow[], ofAll?: ProjectId): StackRows {
  const stacks: Stack[] = [];
  const unreadable: Unreadable<StackId>[] = [];
  for (const row of rows) {
    if (namesItsProject(row)) stacks.push(row);
    else if (isUnreadable(row)) unreadable.push(row);
    else if (ofAll !== undefined) stacks.push({ ...row, projectId: ofAll });
    else unreadable.push({ kind: 'unreadable', id: row.id, problem: 'project: missing' });
  }
  return { stacks, unreadable };
}

function isReadable(row: ListedRow): row is StackRow {
  return !isUnreadable(row);
}

function namesItsProject(row: ListedRow): row is Stack {
  return isReadable(row) && row.projectId !== undefined;
}

function toRow(row: wire.Stack): StackRow {
  return {
    id: row.id as StackId,
    name: row.stack_name,
    projectId: row.project as ProjectId | undefined,
    parentId: (row.parent ?? null) as StackId | null,
    status: row.stack_status,
    statusReason: row.stack_status_reason ?? '',
    owner: row.stack_owner ?? '',
    ownerId: row.stack_user_project_id ?? '',
    createdAt: row.creation_time,
    updatedAt: row.updated_time ?? null,
  };
}
