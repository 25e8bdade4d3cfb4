import type { DomainRef } from '../openstack/credentials.ts';
import {
  findDomain,
  listProjects,
  listUsers,
  type Project,
  showDomain,
  showProject,
  showUser,
  type User,
} from '../openstack/identity.ts';
import type { ProjectId, UserId } from '../openstack/model.ts';
import type { Session } from '../openstack/session.ts';
import { isConcertims, mark } from './managed.ts';
import { OperationError } from './operation-error.ts';

/** Where a name is unique. */
export interface Place {
  readonly name: string;
  readonly domainId: string;
}

/**
 * The id of the domain that a request names; that of the session's token when it names none.
 *
 * @throws {OperationError} invalid: there is no such domain; conflict: it is disabled, so that nobody could sign in
 */
export async function domainOf(session: Session, domain: DomainRef | undefined): Promise<string> {
  const { domainId } = await session.token();
  // Keystone gives no token for a project of a disabled domain.
  const isOwn = domain === undefined || ('id' in domain && domain.id === domainId);
  const id = isOwn ? domainId : await idOf(session, domain);
  if (id !== undefined) return id;
  throw new OperationError('invalid', 'Identity v2.0 knows no domains: v3 is needed.');
}

async function idOf(session: Session, ref: DomainRef): Promise<string> {
  const [wanted, found] =
    'id' in ref
      ? [ref.id, await showDomain(session, ref.id)]
      : [ref.name, await findDomain(session, ref.name)];
  if (!found) throw new OperationError('invalid', `Keystone has no domain "${wanted}".`);
  if (found.enabled) return found.id;
  throw new OperationError(
    'conflict',
    `The domain ${found.name} is disabled in Keystone, so that nobody could sign in. If that is not meant, an administrator enables it: openstack domain set --enable ${found.id}`,
  );
}

/**
 * Concertim's project of that name.
 *
 * @param knownId the id that the portal has for it
 * @throws {OperationError} conflict: there is one, but it is not Concertim's, or is disabled; or the known id is of another
 * name
 */
export function findOwnProject(
  session: Session,
  place: Place,
  knownId?: ProjectId,
): Promise<Project | undefined> {
  const known = knownId === undefined ? undefined : showProject(session, knownId);
  return findOwn('project', place, { rows: listProjects(session, place), known });
}

/** The same of users. */
export function findOwnUser(session: Session, place: Place, knownId?: UserId): Promise<User | undefined> {
  const known = knownId === undefined ? undefined : showUser(session, knownId);
  return findOwn('user', place, { rows: listUsers(session, place), known });
}

/**
 * The one of that name, if it is ours. One that the portal knows by id and that bears another name now is neither taken
 * nor passed over for a second one: a person has to say which it is.
 *
 * @param found.rows what Keystone gives for the name: where its database takes capitals and accents for the same, others too
 */
async function findOwn<T extends Project | User>(
  what: 'project' | 'user',
  { name, domainId }: Place,
  found: { readonly rows: Promise<readonly T[]>; readonly known: Promise<T | undefined> | undefined },
): Promise<T | undefined> {
  const [rows, known] = await Promise.all([found.rows, found.known]);
  const named = rows.find((row) => row.name === name);
  if (known && known.id !== named?.id) {
    throw new OperationError(
      'conflict',
      `Concertim knows ${what} ${known.id} as ${name}, but in Keystone that is "${known.name}" in domain ${known.domainId}. Rename it, or clear the id in Concertim.`,
    );
  }
  const alike = rows.find((row) => row.domainId === domainId);
  if (!named && alike) {
    throw new OperationError(
      'conflict',
      `Keystone has a ${what} "${alike.name}" (${alike.id}) and takes "${name}" for the same name: it tells neither capitals from small letters nor accents. Choose another name, or rename that ${what}.`,
    );
  }
  if (!named) return undefined;
  if (named.domainId === domainId && isConcertims(named)) {
    if (named.enabled) return named;
    throw new OperationError(
      'conflict',
      `The ${what} ${name} is disabled in Keystone. If that is not meant, an administrator enables it: openstack ${what} set --enable ${named.id}`,
    );
  }
  throw new OperationError(
    'conflict',
    `Keystone has a ${what} ${name} that is not Concertim's ("${mark}" is not in its description). Rename or remove it.`,
  );
}
