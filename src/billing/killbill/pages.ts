import type { ZodType } from 'zod';
import { parseBody } from '../../http/body.ts';
import { PageCount } from '../../http/page-count.ts';
import type { KillBillClient } from './client.ts';

const pageSize = 500;

/** The rows of a paged list, and how to read them. */
export interface PagedRows<Row> {
  readonly rows: ZodType<Row[]>;
  readonly idOf: (row: Row) => string;
}

/**
 * Reads all pages of a list.
 *
 * @throws {BodyError} the list has no end
 */
export async function readPages<Row>(
  client: KillBillClient,
  { path, query = {} }: { readonly path: string; readonly query?: Readonly<Record<string, string>> },
  { rows: schema, idOf }: PagedRows<Row>,
  signal: AbortSignal | undefined,
): Promise<Row[]> {
  const rows: Row[] = [];
  const ids = new Set<string>();
  const pages = new PageCount(client.clock);
  for (;;) {
    const response = await client.request({
      method: 'GET',
      path,
      route: path,
      query: { ...query, offset: rows.length, limit: pageSize },
      signal,
    });
    const page = parseBody(response, schema);
    rows.push(...page);
    if (page.length < pageSize) return rows;
    for (const row of page) ids.add(idOf(row));
    pages.turn(response, ids.size);
  }
}
