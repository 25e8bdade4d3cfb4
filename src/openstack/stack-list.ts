/** Orchestration (Heat) v1: its list of stacks. */
import { ListBody } from '../http/list-body.ts';
import { memoryOfEach } from '../http/row-memory.ts';
import { explain, ServiceError, severityOf } from '../runtime/severity.ts';
import { asAdministratorOrMember } from './as-administrator-or-member.ts';
import { OpenStackError } from './errors.ts';
import type { ProjectId, Stack, StackId, Unreadable } from './model.ts';
import { type PagedShape, readPages } from './paging.ts';
import { isUnreadable, rowOrUnreadable } from './row.ts';
import type { Session } from './session.ts';
import * as wire from './wire/orchestration.ts';

/** The rows of a list of stacks. */
export interface StackRows {
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

/** Heat sets no limit of its own. A row is half a kilobyte, and a cluster of the cluster builder's is five. */
const pageSize = 3000;

/** A row of a list of stacks: its project is shown to administrators only. */
type StackRow = Omit<Stack, 'projectId'> & { readonly projectId: ProjectId | undefined };

export type ListedRow = StackRow | Unreadable<StackId>;

/** The shape of a list of stacks. */
export const stackRows: PagedShape<ListedRow> = {
  field: 'stacks',
  row: rowOrUnreadable<StackRow, StackId>(wire.Stack.transform(toStackRow), 'a stack'),
  links: 'links',
};

/** The stacks of the whole cloud, as each session saw them last. */
const memoryOf = memoryOfEach<ListedRow>();

/** How sessions that are no administrator's get at the stacks of all projects, as far as is known. */
const ways = new WeakMap<Session, 'global tenant' | 'project by project'>();

/** What has one list show the stacks of all projects, as far as is known of a session; undefined: no single list does. */
export function queryForAll(session: Session): { readonly global_tenant?: true } | undefined {
  const way = ways.get(session);
  if (way === 'project by project') return undefined;
  return way === 'global tenant' ? { global_tenant: true } : {};
}

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
  return readPages(session, 'orchestration', request, stackRows, { memory });
}

/**
 * Tells the readable rows from the others.
 *
 * @param ofAll project of the rows that name none; undefined: such a row is unreadable
 */
export function sorted(rows: readonly ListedRow[], ofAll?: ProjectId): StackRows {
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

/** A stack as a row of a list, or its own page, shows it. */
export function toStackRow(row: wire.Stack): StackRow {
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
