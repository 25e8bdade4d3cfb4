import { z } from 'zod';
import type { Unreadable } from './model.ts';

/** Whether no more of a row than its id was understood. */
export function isUnreadable<Id>(row: object | Unreadable<Id>): row is Unreadable<Id> {
  return 'kind' in row && row.kind === 'unreadable';
}

const Stub = z.object({ id: z.string().min(1) });

/**
 * A row of a list. Whatever has an id is in the list: left out, it would look deleted.
 *
 * @param object what the row is, in words, such as `a server`
 * @param explain what is wrong with a row that is not understood, where the row itself says it
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
