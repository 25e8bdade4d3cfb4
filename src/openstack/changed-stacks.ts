/** Orchestration (Heat) v1: what has become of its list of stacks. Heat has no `changes-since`. */
import { z } from 'zod';
import { parseBody } from '../http/body.ts';
import { ListBody } from '../http/list-body.ts';
import { parseTime } from '../runtime/clock.ts';
import { readPages } from './paging.ts';
import { isUnreadable } from './row.ts';
import type { Session, SessionRequest } from './session.ts';
import { type ListedRow, queryForAll, type StackRows, sorted, stackRows } from './stack-list.ts';

/** What a list of stacks has to be brought up to date with. */
export interface ChangedStacks extends StackRows {
  /** Heat's clock when the first page was sent, ms since 1970. */
  readonly at: number;
  /** How many stacks there are in all. If there are fewer than known, some are deleted; this does not say which. */
  readonly count: number;
}

/** Rows of a page of the newest: what a cloud changes within minutes. A row takes a real Heat 1.5 ms. */
const mostChanged = 100;

/**
 * Actions that leave `updated_time` as it is. Few stacks have one of them as their last action, so these are read whole; all
 * others are in the newest by creation or by update. heat/engine/stack.py, `ACTIONS`.
 */
const timelessActions = [
  'INIT',
  'DELETE',
  'ROLLBACK',
  'SUSPEND',
  'RESUME',
  'ADOPT',
  'SNAPSHOT',
  'CHECK',
  'RESTORE',
];

/**
 * All stacks that may have changed since a moment of Heat's clock (ms since 1970). A stack that was created or updated later is
 * among them; so is every stack of another last action.
 *
 * @param since.hasUpdated whether a stack with an `updated_time` is known
 * @returns undefined: more has changed than a page shows, or this Heat cannot tell; only the whole list does
 */
export async function readChangedStacks(
  session: Session,
  since: { readonly at: number; readonly hasUpdated: boolean },
  signal?: AbortSignal,
): Promise<ChangedStacks | undefined> {
  const all = queryForAll(session);
  if (!all) return undefined;
  const list = (query: NonNullable<SessionRequest['query']>) =>
    ({
      method: 'GET',
      path: '/stacks',
      route: '/stacks',
      query: { show_nested: true, ...all, ...query },
      signal,
    }) as const;
  const newest = async (query: NonNullable<SessionRequest['query']>) => {
    const into = new ListBody(stackRows);
    const request = { ...list({ limit: mostChanged, ...query }), into };
    const response = await session.request('orchestration', request);
    return { rows: into.rowsOf(response), at: response.at, count: parseBody(response, Counted).count };
  };
  const [created, updated, timeless] = await Promise.all([
    newest({ with_count: true }),
    newest({ sort_keys: 'updated_time', sort_dir: 'desc' }),
    readPages(session, 'orchestration', list({ action: timelessActions, limit: 1_000 }), stackRows),
  ]);
  const { count, at } = created;
  if (count === undefined) return undefined;
  if (!isBefore(lastOf(created.rows), 'createdAt', since.at)) return undefined;
  if (!isBefore(lastOf(updated.rows), 'updatedAt', since.at)) return undefined;
  // A database may sort stacks without a time to the front, where they hide the others.
  const first = updated.rows[0];
  const hasNoTime = first !== undefined && !isUnreadable(first) && first.updatedAt === null;
  if (hasNoTime && since.hasUpdated) return undefined;
  return { ...sorted([...timeless.rows, ...created.rows, ...updated.rows]), at, count };
}

/** Beside the rows, where it was requested; Heats before 2014 do not have it. */
const Counted = z.object({ count: z.number().optional() });

/** The last row of a full page; undefined: the page is the whole list. */
function lastOf(rows: readonly ListedRow[]): ListedRow | undefined {
  return rows.length < mostChanged ? undefined : rows.at(-1);
}

/** Whether all that follows a row is older. */
function isBefore(row: ListedRow | undefined, field: 'createdAt' | 'updatedAt', at: number): boolean {
  if (!row) return true;
  if (isUnreadable(row)) return false;
  const text = row[field];
  if (text === null) return true;
  return (parseTime(text) ?? at) < at;
}
