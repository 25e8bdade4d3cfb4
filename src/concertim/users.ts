import { z } from 'zod';
import { parseBody } from '../http/body.ts';
import { eachOnce } from './each-once.ts';
import type { User } from './model.ts';
import type { Session } from './session.ts';
import * as wire from './wire/user.ts';

const collection = '/api/v1/users';

/** Everybody with an account, super-users and users without a project included. */
export async function listUsers(session: Session, signal?: AbortSignal): Promise<User[]> {
  const response = await session.request({ method: 'GET', path: collection, route: collection, signal });
  return eachOnce(parseBody(response, z.array(wire.User)));
}
