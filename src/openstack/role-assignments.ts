/** Identity (Keystone) v3: who has a role where. */
import { parseRows } from '../http/body.ts';
import type { ListOptions } from '../http/list-options.ts';
import type { ProjectId, RoleId, UserId } from './model.ts';
import { parseUnderstood } from './row.ts';
import type { Session } from './session.ts';
import * as wire from './wire/role-assignment.ts';

/**
 * The projects in which the user has the role: granted, by way of a group, inherited from a domain or a parent project,
 * or implied by another role. What is assigned on a domain or the system itself concerns no project.
 */
export async function listProjectsWithRole(
  session: Session,
  { userId, roleId, signal }: ListOptions & { readonly userId: UserId; readonly roleId: RoleId },
): Promise<ProjectId[]> {
  const path = '/role_assignments';
  const response = await session.request('identity', {
    method: 'GET',
    path,
    route: path,
    query: { 'user.id': userId, 'role.id': roleId, effective: true },
    signal,
  });
  // A row that cannot be parsed only hides its own project.
  const rows = parseUnderstood(response, { field: 'role_assignments', row: wire.RoleAssignment });
  return [...new Set(rows.flatMap(({ scope }) => scope.project?.id ?? []))] as ProjectId[];
}

/**
 * The role as it was granted to one user in one place: not through a group, and not implied by another role.
 */
export interface RoleAssignment {
  readonly userId: UserId;
  /** undefined: on a domain or the system. */
  readonly projectId: ProjectId | undefined;
  /** For a person: `project …`, `domain …` or `the system`. */
  readonly place: string;
}

/**
 * Every grant of the role to a user. A row that cannot be parsed is an error, because a user who is missing
 * counts as not having the role.
 */
export async function listAssignments(
  session: Session,
  { roleId }: { roleId: RoleId },
): Promise<RoleAssignment[]> {
  const path = '/role_assignments';
  const query = { 'role.id': roleId };
  const response = await session.request('identity', { method: 'GET', path, route: path, query });
  const rows = parseRows(response, { field: 'role_assignments', row: wire.RoleAssignment });
  return rows.flatMap(({ user, scope: { project, domain } }) => {
    if (!user) return [];
    const place = project ? `project ${project.id}` : domain ? `domain ${domain.id}` : 'the system';
    return [{ userId: user.id as UserId, projectId: project?.id as ProjectId | undefined, place }];
  });
}
