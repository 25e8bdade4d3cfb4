import type { ListOptions } from '../http/list-options.ts';
import type { Rows, Team } from './model.ts';
import { readRows } from './read-rows.ts';
import type { Session } from './session.ts';
import * as wire from './wire/team.ts';
import { rowOrUnreadable } from './wire/unreadable-row.ts';

const Row = rowOrUnreadable(wire.Team, 'team');
const collection = '/api/v1/teams';

/** All teams, including those about to be deleted, which no release marks. Leaves out rows that cannot be read: see `readTeams`. */
export async function listTeams(session: Session, options: ListOptions = {}): Promise<Team[]> {
  return (await readTeams(session, options)).rows;
}

/** All teams, and the rows that cannot be read. */
export async function readTeams(session: Session, { signal }: ListOptions = {}): Promise<Rows<Team>> {
  return readRows(session, { path: collection, signal }, Row);
}
