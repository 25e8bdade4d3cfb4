import { BodyError, ConnectionError, TimeoutError } from '../http/errors.ts';
import type { DomainRef } from '../openstack/credentials.ts';
import { OpenStackError } from '../openstack/errors.ts';
import {
  createProject,
  createUser,
  deleteProject,
  deleteUser,
  findDomain,
  findProject,
  findUsers,
  type Grant,
  grantRole,
  listGrants,
  type Project,
  revokeRole,
  setDefaultProject,
  showProject,
  showUser,
  type User,
} from '../openstack/identity.ts';
import type { ProjectId, UserId } from '../openstack/model.ts';
import type { Session } from '../openstack/session.ts';
import type { Secret } from '../runtime/secret.ts';
import { ServiceError } from '../runtime/severity.ts';
import { isConcertims, mark } from './managed.ts';
import { OperationError, operationError } from './operation-error.ts';
import { findStaff, type Staff } from './staff.ts';

export interface UserProjectDraft {
  /** As the portal knows the user. */
  readonly username: string;
  readonly password: Secret;
  readonly email: string | undefined;
  /** What the portal has been told before. */
  readonly knownUserId: UserId | undefined;
  readonly knownProjectId: ProjectId | undefined;
  /** Where it goes; undefined: into the domain that the session's token is of. */
  readonly domain: DomainRef | undefined;
  /** Whether CloudKitty shall rate it. */
  readonly billing: boolean;
}

export interface UserProject {
  /** The user's name in the cloud. */
  readonly username: string;
  readonly userId: UserId;
  readonly projectId: ProjectId;
}

/**
 * Gives a portal user a project and a user of the cloud: what is there stays as it is, what is missing is made. What is
 * there without our mark is never touched.
 *
 * @throws {OperationError} prerequisite-missing: a role or user that an administrator has to make; conflict: a name is
 * taken by something that is not ours. What this call has made is taken back; the message says so where that failed.
 */
export async function createUserProject(session: Session, draft: UserProjectDraft): Promise<UserProject> {
  const { userId: adminId, domainId: tokenDomainId } = await session.token();
  const domainId = draft.domain ? await idOf(session, draft.domain) : tokenDomainId;
  if (domainId === undefined)
    throw new OperationError('invalid', 'Identity v2.0 knows no domains: v3 is needed.');
  const userName = `CM_${draft.username}`;
  const projectName = `${userName}_proj`;

  const [staff, project, user] = await Promise.all([
    findStaff(session, { domainId, billing: draft.billing }),
    findOwnProject(session, { name: projectName, domainId }, draft.knownProjectId),
    findOwnUser(session, { name: userName, domainId }, draft.knownUserId),
  ]);

  const made = new Made();
  try {
    const projectId = (project ?? (await makeProject(session, { name: projectName, domainId }, made))).id;
    const { id: userId, defaultProjectId } =
      user ?? (await makeUser(session, { ...draft, name: userName, domainId, projectId }, made));
    if (defaultProjectId !== projectId) await setDefaultProject(session, userId, projectId);
    const wanted = grantsFor(staff, { projectId, userId, adminId });
    await makeGrants(session, wanted, project ? await listGrants(session, projectId) : [], made);
    return { username: userName, userId, projectId };
  } catch (error) {
    throw withLeftovers(operationError(error, [draft.password]), await made.takeBack());
  }
}

async function idOf(session: Session, domain: DomainRef): Promise<string> {
  if ('id' in domain) return domain.id;
  const id = await findDomain(session, domain.name);
  if (id !== undefined) return id;
  throw new OperationError('invalid', `Keystone has no domain "${domain.name}".`);
}

interface Place {
  readonly name: string;
  readonly domainId: string;
}

async function findOwnProject(
  session: Session,
  place: Place,
  knownId?: ProjectId,
): Promise<Project | undefined> {
  const [named, known] = await Promise.all([
    findProject(session, place),
    knownId === undefined ? undefined : showProject(session, knownId),
  ]);
  return ownOf('project', place, named, known);
}

async function findOwnUser(session: Session, place: Place, knownId?: UserId): Promise<User | undefined> {
  const [[named], known] = await Promise.all([
    findUsers(session, place),
    knownId === undefined ? undefined : showUser(session, knownId),
  ]);
  return ownOf('user', place, named, known);
}

/**
 * The one of that name, if it is ours. One that the portal knows by id and that bears another name now is neither taken
 * nor passed over for a second one: a person has to say which it is.
 */
function ownOf<T extends Project | User>(
  what: 'project' | 'user',
  { name, domainId }: Place,
  named: T | undefined,
  known: T | undefined,
): T | undefined {
  if (known && known.id !== named?.id) {
    throw new OperationError(
      'conflict',
      `Concertim knows ${what} ${known.id} as ${name}, but in Keystone that is "${known.name}" in domain ${known.domainId}. Rename it, or clear the id in Concertim.`,
    );
  }
  if (!named) return undefined;
  if (named.domainId === domainId && isConcertims(named)) return named;
  throw new OperationError(
    'conflict',
    `Keystone has a ${what} ${name} that is not Concertim's ("${mark}" is not in its description). Rename or remove it.`,
  );
}

async function makeProject(session: Session, place: Place, made: Made): Promise<Project> {
  const draft = { ...place, description: `${mark} Project` };
  const again = () => findOwnProject(session, place);
  return make(
    () => createProject(session, draft),
    again,
    (project) => made.add(`project ${place.name}`, () => deleteProject(session, project.id)),
  );
}

async function makeUser(
  session: Session,
  draft: Place & { password: Secret; email: string | undefined; projectId: ProjectId },
  made: Made,
): Promise<User> {
  const { projectId: defaultProjectId, ...rest } = draft;
  const whole = { ...rest, description: `${mark} User`, defaultProjectId };
  const again = () => findOwnUser(session, draft);
  return make(
    () => createUser(session, whole),
    again,
    (user) => made.add(`user ${draft.name}`, () => deleteUser(session, user.id)),
  );
}

/**
 * Makes something whose name is taken at most once. When somebody else was faster, or the answer was lost, it is looked
 * for: then it may be another's, and is not ours to take back.
 */
async function make<T>(
  create: () => Promise<T>,
  again: () => Promise<T | undefined>,
  isMade: (it: T) => void,
): Promise<T> {
  try {
    const it = await create();
    isMade(it);
    return it;
  } catch (error) {
    const mayBeThere =
      error instanceof OpenStackError
        ? error.status === 409 || error.status >= 500
        : error instanceof ConnectionError || error instanceof TimeoutError || error instanceof BodyError;
    const found = mayBeThere ? await again() : undefined;
    if (found) return found;
    throw error;
  }
}

function grantsFor(
  { roles, users }: Staff,
  { projectId, userId, adminId }: { projectId: ProjectId; userId: UserId; adminId: UserId },
): Grant[] {
  return [
    { projectId, userId: users.concertim, roleId: roles.watcher },
    { projectId, userId: users.concertim, roleId: roles.member },
    { projectId, userId: adminId, roleId: roles.admin },
    { projectId, userId, roleId: roles.member },
    ...(users.cloudkitty && roles.rating
      ? [{ projectId, userId: users.cloudkitty, roleId: roles.rating }]
      : []),
  ];
}

async function makeGrants(
  session: Session,
  wanted: readonly Grant[],
  present: readonly Grant[],
  made: Made,
): Promise<void> {
  const isPresent = (grant: Grant) =>
    present.some(({ userId, roleId }) => userId === grant.userId && roleId === grant.roleId);
  const missing = wanted.filter((grant) => !isPresent(grant));
  const outcomes = await Promise.allSettled(
    missing.map(async (grant) => {
      await grantRole(session, grant);
      made.add(`a role in project ${grant.projectId}`, () => revokeRole(session, grant));
    }),
  );
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed) throw failed.reason;
}

/** What one call has made, so that it can be taken back. */
class Made {
  readonly #things: { readonly name: string; readonly remove: () => Promise<void> }[] = [];

  add(name: string, remove: () => Promise<void>): void {
    this.#things.push({ name, remove });
  }

  /** Removes it all, the latest first. @returns what is left nevertheless */
  async takeBack(): Promise<string[]> {
    const left: string[] = [];
    for (const { name, remove } of this.#things.toReversed()) {
      try {
        await remove();
      } catch {
        left.push(name);
      }
    }
    return left;
  }
}

function withLeftovers(error: unknown, left: readonly string[]): unknown {
  if (left.length === 0 || !(error instanceof ServiceError)) return error;
  const message = `${error.message} Left behind: ${left.join(', ')}; a repeat goes on from there.`;
  const kind = error instanceof OperationError ? error.kind : 'cloud-failed';
  return new OperationError(
    kind,
    message,
    error instanceof OperationError ? { upstream: error.upstream } : {},
  );
}
