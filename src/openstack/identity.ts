/** Identity (Keystone) v3: domains, projects, users, roles and who has which in what. */
import type { ZodType } from 'zod';
import { parseBody, parseRows } from '../http/body.ts';
import type { HttpResponse } from '../http/client.ts';
import type { Secret } from '../runtime/secret.ts';
import { assertNotFound } from './errors.ts';
import type { ProjectId, RoleId, UserId } from './model.ts';
import { parseSought, parseUnderstood } from './row.ts';
import type { Session, SessionRequest } from './session.ts';
import * as wire from './wire/identity.ts';

/** Identity (Keystone): a domain, in which names of projects are unique, and names of users. */
export interface Domain {
  readonly id: string;
  readonly name: string;
  /** Its users cannot sign in when it is not, and nobody can sign in to its projects. */
  readonly enabled: boolean;
}

/** Identity (Keystone): a project. */
export interface Project {
  readonly id: ProjectId;
  readonly name: string;
  readonly domainId: string;
  /** '' when it has none. */
  readonly description: string;
  /** Nobody can sign in to a disabled project. */
  readonly enabled: boolean;
}

export interface User {
  readonly id: UserId;
  readonly name: string;
  readonly domainId: string;
  /** '' when it has none. */
  readonly description: string;
  /** A disabled user cannot sign in. */
  readonly enabled: boolean;
  readonly defaultProjectId: ProjectId | null;
}

/** One role that a user has in one project. */
export interface Grant {
  readonly projectId: ProjectId;
  readonly userId: UserId;
  readonly roleId: RoleId;
}

/** Asks Keystone something that costs it next to nothing: an answer means that it is there and takes our token. */
export async function pingIdentity(session: Session, signal?: AbortSignal): Promise<void> {
  await session.request('identity', { method: 'GET', path: '/', route: '/', signal });
}

/** The domain of that name; undefined when there is none. */
export async function findDomain(session: Session, name: string): Promise<Domain | undefined> {
  // Where policy hides the filter's field, Keystone gives all of them.
  const domains = await listNamed(session, 'domains', wire.Domain, { name });
  return domains.find((domain) => domain.name === name);
}

/** undefined when there is no such domain. */
export async function showDomain(session: Session, id: string): Promise<Domain | undefined> {
  const response = await find(session, `/domains/${encodeURIComponent(id)}`, '/domains/{id}');
  return response && parseBody(response, wire.DomainBody).domain;
}

/** The role of that name; undefined when there is none. */
export async function findRole(session: Session, name: string): Promise<RoleId | undefined> {
  const roles = await listNamed(session, 'roles', wire.Named, { name });
  return roles.find((role) => role.name === name)?.id as RoleId | undefined;
}

/** @throws {OpenStackError} 409: there is one of that name */
export async function createRole(session: Session, name: string): Promise<void> {
  const path = '/roles';
  await session.request('identity', { method: 'POST', path, route: path, body: { role: { name } } });
}

/** The project of that name in that domain; undefined when there is none. */
export async function findProject(
  session: Session,
  place: { name: string; domainId: string },
): Promise<Project | undefined> {
  const projects = await listProjects(session, place);
  return projects.find(({ name }) => name === place.name);
}

/**
 * The projects that Keystone finds by this name in that domain: at most one. Its name may differ in letters
 * that Keystone's database treats as equal, such as capitals.
 */
export async function listProjects(
  session: Session,
  { name, domainId }: { name: string; domainId: string },
): Promise<Project[]> {
  return (await listNamed(session, 'projects', wire.Project, { name, domain_id: domainId })).map(toProject);
}

/**
 * The ids of all projects; where the account may not list them, of those in which it has a role. Keystone may cut the list short, so
 * that a project that is missing from it proves nothing.
 */
export async function listProjectIds(session: Session, signal?: AbortSignal): Promise<Set<ProjectId>> {
  const read = async (path: string, accept: readonly number[]) =>
    session.request('identity', { method: 'GET', path, route: path, accept, signal });
  const all = await read('/projects', refusedStatuses);
  const response = refusedStatuses.includes(all.status) ? await read('/auth/projects', []) : all;
  const rows = parseUnderstood(response, { field: 'projects', row: wire.Identified });
  return new Set(rows.map(({ id }) => id as ProjectId));
}

/** What Keystone answers to an account that may not list all projects. */
const refusedStatuses: readonly number[] = [401, 403];

/** undefined when there is no such project any more. */
export async function showProject(session: Session, id: ProjectId): Promise<Project | undefined> {
  const response = await find(session, `/projects/${encodeURIComponent(id)}`, '/projects/{id}');
  return response && toProject(parseBody(response, wire.ProjectBody).project);
}

/** @throws {OpenStackError} 409: the name is taken in the domain */
export async function createProject(
  session: Session,
  draft: { name: string; domainId: string; description: string },
): Promise<Project> {
  const { name, domainId, description } = draft;
  const response = await session.request('identity', {
    method: 'POST',
    path: '/projects',
    route: '/projects',
    body: { project: { name, domain_id: domainId, description, enabled: true } },
  });
  return toProject(parseBody(response, wire.ProjectBody).project);
}

/** One that is gone already counts as deleted. */
export async function deleteProject(session: Session, id: ProjectId): Promise<void> {
  await remove(session, `/projects/${encodeURIComponent(id)}`, '/projects/{id}');
}

/** The users of that name, in one domain or in all. */
export async function findUsers(
  session: Session,
  place: { name: string; domainId?: string },
): Promise<User[]> {
  const users = await listUsers(session, place);
  return users.filter(({ name }) => name === place.name);
}

/**
 * The users that Keystone finds by this name, which may differ in letters that its database treats as equal.
 */
export async function listUsers(
  session: Session,
  { name, domainId }: { name: string; domainId?: string },
): Promise<User[]> {
  return (await listNamed(session, 'users', wire.User, { name, domain_id: domainId })).map(toUser);
}

/** undefined when there is no such user any more. */
export async function showUser(session: Session, id: UserId): Promise<User | undefined> {
  const response = await find(session, `/users/${encodeURIComponent(id)}`, '/users/{id}');
  return response && toUser(parseBody(response, wire.UserBody).user);
}

/** @throws {OpenStackError} 409: the name is taken in the domain; 400: the cloud's rules for passwords */
export async function createUser(
  session: Session,
  draft: {
    name: string;
    domainId: string;
    description: string;
    password: Secret;
    email: string | undefined;
    /** undefined: it has none. */
    defaultProjectId: ProjectId | undefined;
  },
): Promise<User> {
  const response = await session.request('identity', {
    method: 'POST',
    path: '/users',
    route: '/users',
    body: {
      user: {
        name: draft.name,
        domain_id: draft.domainId,
        description: draft.description,
        password: draft.password.reveal(),
        ...(draft.email === undefined ? {} : { email: draft.email }),
        ...(draft.defaultProjectId === undefined ? {} : { default_project_id: draft.defaultProjectId }),
        enabled: true,
      },
    },
  });
  return toUser(parseBody(response, wire.UserBody).user);
}

export async function setDefaultProject(session: Session, id: UserId, projectId: ProjectId): Promise<void> {
  await session.request('identity', {
    method: 'PATCH',
    path: `/users/${encodeURIComponent(id)}`,
    route: '/users/{id}',
    body: { user: { default_project_id: projectId } },
    idempotent: true,
  });
}

/** @throws {OpenStackError} 404: there is no such user; 400: the cloud's rules for passwords */
export async function changeUser(
  session: Session,
  id: UserId,
  change: { readonly email?: string | undefined; readonly password?: Secret | undefined },
): Promise<void> {
  const { email, password } = change;
  await session.request('identity', {
    method: 'PATCH',
    path: `/users/${encodeURIComponent(id)}`,
    route: '/users/{id}',
    body: {
      user: {
        ...(email === undefined ? {} : { email }),
        ...(password === undefined ? {} : { password: password.reveal() }),
      },
    },
    idempotent: true,
  });
}

/** One that is gone already counts as deleted. */
export async function deleteUser(session: Session, id: UserId): Promise<void> {
  await remove(session, `/users/${encodeURIComponent(id)}`, '/users/{id}');
}

/**
 * Who has which role in the project: what was granted to users themselves, not what groups or other roles
 * imply. A row that cannot be parsed is an error, because a project in which nobody has a role counts as
 * unowned.
 */
export async function listGrants(
  session: Session,
  { projectId }: { readonly projectId: ProjectId },
): Promise<Grant[]> {
  const response = await list(session, '/role_assignments', { 'scope.project.id': projectId });
  const rows = parseRows(response, { field: 'role_assignments', row: wire.Grant });
  return rows.flatMap(({ user, role }) =>
    user ? [{ projectId, userId: user.id as UserId, roleId: role.id as RoleId }] : [],
  );
}

/** Granting what is granted already is no error. */
export async function grantRole(session: Session, grant: Grant): Promise<void> {
  await session.request('identity', { method: 'PUT', path: pathOf(grant), route: grantRoute });
}

/** A grant that is gone already counts as revoked. */
export async function revokeRole(session: Session, grant: Grant): Promise<void> {
  await remove(session, pathOf(grant), grantRoute);
}

const grantRoute = '/projects/{id}/users/{id}/roles/{id}';

function pathOf({ projectId, userId, roleId }: Grant): string {
  const [project, user, role] = [projectId, userId, roleId].map(encodeURIComponent);
  return `/projects/${project}/users/${user}/roles/${role}`;
}

/** The rows that Keystone gives for a name. @throws {BodyError} no row has the name, and an unreadable one may have it */
async function listNamed<Row extends { readonly name: string }>(
  session: Session,
  field: 'domains' | 'roles' | 'projects' | 'users',
  row: ZodType<Row>,
  query: { readonly name: string; readonly domain_id?: string | undefined },
): Promise<Row[]> {
  const response = await list(session, `/${field}`, query);
  return parseSought(response, { field, row }, ({ name }) => name === query.name);
}

async function list(session: Session, path: string, query: SessionRequest['query']): Promise<HttpResponse> {
  return session.request('identity', { method: 'GET', path, route: path, ...(query && { query }) });
}

async function find(session: Session, path: string, route: string): Promise<HttpResponse | undefined> {
  const response = await session.request('identity', { method: 'GET', path, route, accept: [404] });
  if (response.status !== 404) return response;
  assertNotFound(response);
  return undefined;
}

async function remove(session: Session, path: string, route: string): Promise<void> {
  const response = await session.request('identity', { method: 'DELETE', path, route, accept: [404] });
  if (response.status === 404) assertNotFound(response);
}

function toProject({ id, name, domain_id: domainId, description, enabled }: wire.Project): Project {
  return { id: id as ProjectId, name, domainId, description: description ?? '', enabled };
}

function toUser({
  id,
  name,
  domain_id: domainId,
  description,
  enabled,
  default_project_id: project,
}: wire.User): User {
  return {
    id: id as UserId,
    name,
    domainId,
    description: description ?? '',
    enabled,
    defaultProjectId: (project ?? null) as ProjectId | null,
  };
}
