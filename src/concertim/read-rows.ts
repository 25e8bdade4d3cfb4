import type { ZodType } from 'zod';
import { ListShapeError } from '../http/errors.ts';
import { ListBody } from '../http/list-body.ts';
import type { RowMemory } from '../http/row-memory.ts';
import type { Rows, UnreadableRow } from './model.ts';
import type { Session } from './session.ts';

/**
 * The rows of one of the portal's lists, which have no pages. If an id occurs twice, the last row counts: otherwise one of them
 * would be taken for a surplus object and deleted.
 *
 * @param memory where the list is large: its rows as they were the last time
 * @throws {ListShapeError} it is no list, or none of several rows is understood: another release
 */
export async function readRows<Row extends { readonly id: unknown }>(
  session: Session,
  request: { readonly path: string; readonly signal: AbortSignal | undefined },
  row: ZodType<Row | UnreadableRow>,
  memory?: RowMemory<Row | UnreadableRow>,
): Promise<Rows<Row>> {
  const into = new ListBody({ row }, memory);
  const response = await session.request({ ...request, method: 'GET', route: request.path, into });
  const all = into.rowsOf(response);
  into.remember();
  const rows = new Map<unknown, Row>();
  const unreadable: UnreadableRow[] = [];
  for (const each of all) {
    if (isUnreadable(each)) unreadable.push(each);
    else rows.set(each.id, each);
  }
  const [first] = unreadable;
  if (first && rows.size === 0 && unreadable.length > 1) {
    throw new ListShapeError(
      response,
      `an unexpected shape: no row is understood, the first for ${first.problem}`,
    );
  }
  return { rows: [...rows.values()], unreadable };
}

function isUnreadable(row: object): row is UnreadableRow {
  return 'kind' in row && row.kind === 'unreadable';
}
