import type { ListOptions } from '../http/list-options.ts';
import type { Rows, User } from './model.ts';
import { readRows } from './read-rows.ts';
import type { Session } from './session.ts';
import { rowOrUnreadable } from './wire/unreadable-row.ts';
import * as wire from './wire/user.ts';

const Row = rowOrUnreadable(wire.User, 'user');
const collection = '/api/v1/users';

/** All users, including super-users and users without a project. Leaves out rows that cannot be read: see `readUsers`. */
export async function listUsers(session: Session, options: ListOptions = {}): Promise<User[]> {
  return (await readUsers(session, options)).rows;
}

/** All users, and the rows that cannot be read. */
export async function readUsers(session: Session, { signal }: ListOptions = {}): Promise<Rows<User>> {
  return readRows(session, { path: collection, signal }, Row);
}
