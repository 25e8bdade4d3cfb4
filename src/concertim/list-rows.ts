import type { ZodType } from 'zod';
import { ListBody } from '../http/list-body.ts';
import type { RowMemory } from '../http/row-memory.ts';
import type { Session } from './session.ts';

/**
 * The rows of one of the portal's lists, which have no pages. Each id once, as it came last: of two that are one, one would
 * be taken for surplus and deleted.
 *
 * @param memory where the list is large: its rows as they were the last time
 */
export async function listRows<Row extends { readonly id: unknown }>(
  session: Session,
  request: { readonly path: string; readonly signal: AbortSignal | undefined },
  row: ZodType<Row>,
  memory?: RowMemory<Row>,
): Promise<Row[]> {
  const into = new ListBody({ row }, memory);
  const response = await session.request({ ...request, method: 'GET', route: request.path, into });
  const rows = into.rowsOf(response);
  into.remember();
  return [...new Map(rows.map((each) => [each.id, each])).values()];
}
