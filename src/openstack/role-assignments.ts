/** Identity (Keystone) v3: in which projects a user has a role, however it came by it. */
import { parseBody } from '../http/body.ts';
import type { ProjectId, RoleId, UserId } from './model.ts';
import type { Session } from './session.ts';
import * as wire from './wire/role-assignment.ts';

/**
 * The projects in which the user has the role: granted, by way of a group, inherited from a domain or a parent project,
 * or implied by another role. What is assigned on a domain or the system itself concerns no project.
 */
export async function listProjectsWithRole(
  session: Session,
  { userId, roleId }: { userId: UserId; roleId: RoleId },
  signal?: AbortSignal,
): Promise<ProjectId[]> {
  const path = '/role_assignments';
  const response = await session.request('identity', {
    method: 'GET',
    path,
    route: path,
    query: { 'user.id': userId, 'role.id': roleId, effective: true },
    signal,
  });
  const { role_assignments: rows } = parseBody(response, wire.RoleAssignmentsBody);
  return [...new Set(rows.flatMap(({ scope }) => scope.project?.id ?? []))] as ProjectId[];
}
