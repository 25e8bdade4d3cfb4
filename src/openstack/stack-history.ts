/** What Heat remembers of stacks and their resources, deleted ones too, until an operator purges them. */
import { parseRows } from '../http/body.ts';
import { parseTime } from '../runtime/clock.ts';
import { asAdministratorOrMember } from './as-administrator-or-member.ts';
import type { ProjectId, StackId } from './model.ts';
import { pathOf, type StackRef } from './orchestration.ts';
import { type PagedShape, readPages } from './paging.ts';
import type { Session } from './session.ts';
import * as wire from './wire/orchestration.ts';

/** A stack that exists, or existed. */
export interface PastStack extends StackRef {
  /** The stack that it is, or was, nested in; null for a root. */
  readonly parentId: StackId | null;
  /** ms since 1970; undefined: it exists. */
  readonly deletedAt: number | undefined;
}

/** When a resource was in a stack, ms since 1970. */
export interface ResourceSpan {
  /** Its id in its own service. */
  readonly id: string;
  /** Or earlier: Heat keeps about a thousand events of a stack, and forgets the oldest. */
  readonly from: number;
  /** undefined: nothing says that it was deleted. */
  readonly until: number | undefined;
}

const pageSize = 3000;

/** All stacks that a project has or had, nested ones too, as far as Heat remembers. */
export async function listPastStacks(
  session: Session,
  projectId: ProjectId,
  signal?: AbortSignal,
): Promise<PastStack[]> {
  const shape: PagedShape<PastStack> = {
    field: 'stacks',
    row: wire.PastStack.transform((row) => toPastStack(row, projectId)),
    links: 'links',
  };
  const { rows } = await asAdministratorOrMember(session, projectId, (as) =>
    readPages(
      as,
      'orchestration',
      {
        method: 'GET',
        path: '/stacks',
        route: '/stacks',
        // `tenant` keeps the others out where the session is an administrator's.
        query: { show_deleted: true, show_nested: true, tenant: projectId, limit: pageSize },
        project: projectId,
        signal,
      },
      shape,
    ),
  );
  return rows.filter((stack) => stack.projectId === projectId);
}

/**
 * When each resource was in a stack, by the stack's events. Resources of a nested stack have their events
 * there. The stack itself is among the results.
 */
export async function readResourceSpans(
  session: Session,
  stack: StackRef,
  signal?: AbortSignal,
): Promise<ResourceSpan[]> {
  const response = await asAdministratorOrMember(session, stack.projectId, (as) =>
    as.request('orchestration', {
      method: 'GET',
      path: `${pathOf(stack)}/events`,
      route: '/stacks/{name}/{id}/events',
      project: stack.projectId,
      signal,
    }),
  );
  const spans = new Map<string, ResourceSpan>();
  for (const event of parseRows(response, { field: 'events', row: wire.Event })) {
    const { physical_resource_id: id, resource_status: status } = event;
    const at = parseTime(event.event_time);
    if (!id || at === undefined) continue;
    const known = spans.get(id);
    const from = Math.min(known?.from ?? at, at);
    const until = status === 'DELETE_COMPLETE' ? Math.max(known?.until ?? at, at) : known?.until;
    spans.set(id, { id, from, until });
  }
  return [...spans.values()];
}

function toPastStack(row: (typeof wire.PastStack)['_output'], projectId: ProjectId): PastStack {
  return {
    id: row.id as StackId,
    name: row.stack_name,
    projectId: (row.project as ProjectId | undefined) ?? projectId,
    parentId: (row.parent ?? null) as StackId | null,
    deletedAt: row.deletion_time ? parseTime(row.deletion_time) : undefined,
  };
}
