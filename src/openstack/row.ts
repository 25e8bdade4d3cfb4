import { z } from 'zod';
import { parseRows } from '../http/body.ts';
import type { HttpResponse } from '../http/client.ts';
import type { Unreadable } from './model.ts';

/** Whether only the id of a row could be parsed. */
export function isUnreadable<Id>(row: object | Unreadable<Id>): row is Unreadable<Id> {
  return 'kind' in row && row.kind === 'unreadable';
}

const Stub = z.object({ id: z.string().min(1) });

/**
 * Schema of a row of a list. A row that has an id stays in the list even if nothing else can be parsed: left
 * out, it would look deleted.
 *
 * @param object what the row is, in words, such as `a server`
 * @param explain what is wrong with a row that cannot be parsed, where the row itself says so
 */
export function rowOrUnreadable<Row, Id extends string>(
  Row: z.ZodType<Row>,
  object: string,
  explain: (row: unknown) => string | undefined = () => undefined,
) {
  return z.unknown().transform((row, context): Row | Unreadable<Id> => {
    const parsed = Row.safeParse(row);
    if (parsed.success) return parsed.data;
    const stub = Stub.safeParse(row);
    if (!stub.success) {
      context.addIssue({ code: 'custom', message: `${object} without an id` });
      return z.NEVER;
    }
    const issue = parsed.error.issues[0];
    const problem = explain(row) ?? `${issue?.path.join('.')}: ${issue?.message}`;
    return { kind: 'unreadable', id: stub.data.id as Id, problem };
  });
}

interface Shape<Row> {
  /** Where the list is; undefined: it is the body itself. */
  readonly field?: string;
  readonly row: z.ZodType<Row>;
}

/**
 * The rows of a list that can be parsed. The others are left out, since callers conclude nothing from their
 * absence. When none can be parsed, the list is not one of this service.
 *
 * @throws {BodyError} there are rows, and none can be parsed
 */
export function parseUnderstood<Row>(response: HttpResponse, shape: Shape<Row>): Row[] {
  return parseSought(response, shape, () => true);
}

/**
 * The same when the caller looks for one row: when it is not among those that can be parsed, it may be one of
 * the others.
 *
 * @throws {BodyError} the row is not among the parsed ones, and there are rows that cannot be parsed
 */
export function parseSought<Row>(
  response: HttpResponse,
  { row, ...shape }: Shape<Row>,
  isSought: (row: Row) => boolean,
): Row[] {
  const rows = parseRows(response, { ...shape, row: row.optional().catch(undefined) });
  const understood = rows.filter(
    (each): each is Exclude<typeof each, undefined> => each !== undefined,
  ) as Row[];
  return understood.some(isSought) ? understood : parseRows(response, { ...shape, row });
}
