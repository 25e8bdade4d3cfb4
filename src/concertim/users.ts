import type { ListOptions } from '../http/list-options.ts';
import { listRows } from './list-rows.ts';
import type { User } from './model.ts';
import type { Session } from './session.ts';
import * as wire from './wire/user.ts';

const collection = '/api/v1/users';

/** Everybody with an account, super-users and users without a project included. */
export async function listUsers(session: Session, { signal }: ListOptions = {}): Promise<User[]> {
  return listRows(session, { path: collection, signal }, wire.User);
}
