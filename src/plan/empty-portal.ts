import type { PortalSnapshot, UserId } from '../concertim/model.ts';
import type { ProjectId } from '../openstack/model.ts';

/** A portal that shows nothing yet, in which each of these projects has a user, named as the project. */
export function emptyPortal(projects: readonly ProjectId[]): PortalSnapshot {
  const users = projects.map((projectId, at) => ({
    id: (at + 1) as UserId,
    login: projectId as string,
    root: false,
    cloudUserId: null,
    projectId: projectId as string,
  }));
  return { users, racks: [], devices: [], templates: [] };
}
