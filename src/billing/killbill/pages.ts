import type { ZodType } from 'zod';
import { parseBody } from '../../http/body.ts';
import type { KillBillClient } from './client.ts';

const pageSize = 500;

/** A whole list, which KillBill gives page by page. */
export async function readPages<Row>(
  client: KillBillClient,
  { path, query = {} }: { readonly path: string; readonly query?: Readonly<Record<string, string>> },
  schema: ZodType<Row[]>,
  signal: AbortSignal | undefined,
): Promise<Row[]> {
  const rows: Row[] = [];
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
  }
}
