import type { ListOptions } from '../http/list-options.ts';
import { listRows } from './list-rows.ts';
import type { Team } from './model.ts';
import type { Session } from './session.ts';
import * as wire from './wire/team.ts';

const collection = '/api/v1/teams';

/** All teams, also those that are about to be deleted: no release says which these are. */
export async function listTeams(session: Session, { signal }: ListOptions = {}): Promise<Team[]> {
  return listRows(session, { path: collection, signal }, wire.Team);
}
