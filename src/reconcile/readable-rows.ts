import type { Unreadable } from '../openstack/model.ts';
import { isUnreadable } from '../openstack/row.ts';

/** The readable rows of a list. */
export function readableRows<Row extends object, Id>(rows: readonly (Row | Unreadable<Id>)[]): Row[] {
  return rows.filter((row): row is Row => !isUnreadable(row));
}

/** What is wrong with the others, by their ids. */
export function problemsOf<Id>(rows: readonly (object | Unreadable<Id>)[]): Map<Id, string> {
  return new Map(rows.filter(isUnreadable<Id>).map(({ id, problem }) => [id, problem]));
}
