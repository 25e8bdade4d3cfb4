import type { ListOptions } from '../http/list-options.ts';
import type { Rows, Team } from './model.ts';
import { readRows } from './read-rows.ts';
import type { Session } from './session.ts';
import * as wire from './wire/team.ts';
import { rowOrUnreadable } from './wire/unreadable-row.ts';

const Row = rowOrUnreadable(wire.Team, 'team');
const collection = '/api/v1/teams';

/** All teams, also those that are about to be deleted: no release says which these are. Rows that cannot be read are left out: see `readTeams`. */
export async function listTeams(session: Session, options: ListOptions = {}): Promise<Team[]> {
  return (await readTeams(session, options)).rows;
}

/** The same, and the rows that cannot be read. */
export async function readTeams(session: Session, { signal }: ListOptions = {}): Promise<Rows<Team>> {
  return readRows(session, { path: collection, signal }, Row);
}
