import type { DomainRef } from '../openstack/credentials.ts';
import {
  createProject,
  createUser,
  deleteProject,
  deleteUser,
  type Grant,
  grantRole,
  listGrants,
  type Project,
  revokeRole,
  setDefaultProject,
  type User,
} from '../openstack/identity.ts';
import type { ProjectId, UserId } from '../openstack/model.ts';
import type { Session } from '../openstack/session.ts';
import type { Secret } from '../runtime/secret.ts';
import type { Audit } from './audit.ts';
import { userNameFor, userProjectNameFor } from './cloud-names.ts';
import { make } from './find-or-make.ts';
import { domainOf, findOwnProject, findOwnUser, type Place } from './find-own.ts';
import { Made, withLeftovers } from './made.ts';
import { mark } from './managed.ts';
import { operationError } from './operation-error.ts';
import { refuseInheritance, refuseOtherPerson } from './same-person.ts';
import { findStaff, type Staff } from './staff.ts';

/** What a portal user is given: a user and a project of the cloud. */
export interface UserProjectDraft {
  /** As the portal knows the user. */
  readonly username: string;
  readonly password: Secret;
  readonly email: string | undefined;
  /** The ids that the portal has already. */
  readonly knownUserId: UserId | undefined;
  readonly knownProjectId: ProjectId | undefined;
  /** Where it goes; undefined: into the domain that the session's token is of. */
  readonly domain: DomainRef | undefined;
  /** Whether CloudKitty is to rate it. */
  readonly billing: boolean;
}

/** What a portal user was given, by ids of Keystone. */
export interface UserProject {
  readonly userId: UserId;
  readonly projectId: ProjectId;
}

/**
 * Gives a portal user a project and a user of the cloud: what is there stays as it is, what is missing is made. What is
 * there without our mark is never touched, and what is there for an earlier person of the same login is not given away.
 *
 * @throws {OperationError} prerequisite-missing: a role or user that an administrator has to make; conflict: a name is
 * taken. What this call has made is taken back; the message says so where that failed.
 */
export async function createUserProject(
  session: Session,
  draft: UserProjectDraft,
  audit: Audit,
): Promise<UserProject> {
  const { userId: adminId } = await session.token();
  const domainId = await domainOf(session, draft.domain);
  const userPlace = { name: userNameFor(draft.username), domainId };
  const projectPlace = { name: userProjectNameFor(draft.username), domainId };

  const [staff, project, user] = await Promise.all([
    findStaff(session, { domainId, billing: draft.billing }),
    findOwnProject(session, projectPlace, draft.knownProjectId),
    findOwnUser(session, userPlace, draft.knownUserId),
  ]);
  if (user && user.id !== draft.knownUserId) await refuseOtherPerson(session, user, draft.password);
  if (project && !user && project.id !== draft.knownProjectId) await refuseInheritance(session, project);

  const made = new Made();
  try {
    const projectId = (project ?? (await makeProject(session, projectPlace, { made, audit }))).id;
    const { id: userId, defaultProjectId } =
      user ?? (await makeUser(session, { ...draft, ...userPlace, projectId }, { made, audit }));
    if (defaultProjectId !== projectId) await setDefaultProject(session, userId, projectId);
    const wanted = grantsFor(staff, { projectId, userId, adminId });
    await makeGrants(session, wanted, project ? await listGrants(session, { projectId }) : [], made);
    return { userId, projectId };
  } catch (error) {
    throw withLeftovers(operationError(error, [draft.password], session), await made.takeBack());
  }
}

interface Making {
  readonly made: Made;
  readonly audit: Audit;
}

async function makeProject(session: Session, place: Place, { made, audit }: Making): Promise<Project> {
  return make({
    create: () => createProject(session, { ...place, description: `${mark} Project` }),
    find: () => findOwnProject(session, place),
    isMade: ({ id }) => {
      made.add(`project ${place.name}`, () => deleteProject(session, id));
      audit({ verb: 'created', kind: 'project', id, name: place.name });
    },
  });
}

async function makeUser(
  session: Session,
  draft: Place & { password: Secret; email: string | undefined; projectId: ProjectId },
  { made, audit }: Making,
): Promise<User> {
  const { projectId: defaultProjectId, ...rest } = draft;
  return make({
    create: () => createUser(session, { ...rest, description: `${mark} User`, defaultProjectId }),
    find: () => findOwnUser(session, draft),
    isMade: ({ id }) => {
      made.add(`user ${draft.name}`, () => deleteUser(session, id));
      audit({ verb: 'created', kind: 'user', id, name: draft.name });
    },
  });
}

function grantsFor(
  { roles, users }: Staff,
  { projectId, userId, adminId }: { projectId: ProjectId; userId: UserId; adminId: UserId },
): Grant[] {
  return [
    ...staffGrants({ roles, users }, { projectId, adminId }),
    { projectId, userId, roleId: roles.member },
  ];
}

/** Who, beside those whose it is, has which role in a project that is made for the portal. */
export function staffGrants(
  { roles, users }: Staff,
  { projectId, adminId }: { projectId: ProjectId; adminId: UserId },
): Grant[] {
  return [
    { projectId, userId: users.concertim, roleId: roles.watcher },
    { projectId, userId: users.concertim, roleId: roles.member },
    { projectId, userId: adminId, roleId: roles.admin },
    ...(users.cloudkitty && roles.rating
      ? [{ projectId, userId: users.cloudkitty, roleId: roles.rating }]
      : []),
  ];
}

/** Grants what of `wanted` is not there yet. */
export async function makeGrants(
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
