import { z } from 'zod';
import type { User as PortalUser } from '../../concertim/model.ts';
import { parseBody } from '../../http/body.ts';
import { findRole, showProject } from '../../openstack/identity.ts';
import type { ProjectId } from '../../openstack/model.ts';
import { listProjectsWithRole } from '../../openstack/role-assignments.ts';
import type { Token } from '../../openstack/token.ts';
import { error, type Finding, ok, warning } from '../finding.ts';
import type { Patient } from '../patient.ts';
import { findStaff } from './keystone.ts';

/** The projects of portal users: whether they are in Keystone, and who watches them. */
export async function checkProjects(
  patient: Patient,
  token: Token,
  users: readonly PortalUser[],
): Promise<Finding[]> {
  const owned = users.filter(({ projectId }) => projectId !== null);
  const gone = await projectsGone(patient, owned);
  const present = owned.filter((user) => !gone.includes(user));
  return [
    ...gone.map(({ login, projectId }) =>
      error('keystone.projects', {
        found: `Project ${projectId} of portal user ${login} is not in Keystone`,
        why: 'Nothing of that user is shown, and what is shown already will be taken for deleted.',
        repair: `Is openstack.auth_url the right cloud? Else clear the project id of ${login} in Concertim and save the user again.`,
      }),
    ),
    ...(await checkWatcher(patient, token, present)),
  ];
}

const ProjectsBody = z.object({ projects: z.array(z.object({ id: z.string() })) });

async function projectsGone({ cloud }: Patient, users: readonly PortalUser[]): Promise<PortalUser[]> {
  const path = '/projects';
  const response = await cloud.request('identity', { method: 'GET', path, route: path });
  const listed = new Set(parseBody(response, ProjectsBody).projects.map(({ id }) => id));
  // Keystone may cut its list short: only an answer about the project itself tells.
  const doubtful = users.filter(({ projectId }) => !listed.has(projectId ?? ''));
  const shown = await Promise.all(
    doubtful.map(({ projectId }) => showProject(cloud, projectId as ProjectId)),
  );
  return doubtful.filter((_, index) => shown[index] === undefined);
}

async function checkWatcher(
  { cloud }: Patient,
  token: Token,
  users: readonly PortalUser[],
): Promise<Finding[]> {
  const role = 'watcher';
  const [userId, roleId] = await Promise.all([findStaff(cloud, 'concertim', token), findRole(cloud, role)]);
  // That one of them is missing is said already.
  if (!userId || !roleId) return [];
  const watched = new Set<string | null>(await listProjectsWithRole(cloud, { userId, roleId }));
  const unwatched = users.filter(({ projectId }) => !watched.has(projectId));
  if (unwatched.length === 0) {
    return [
      ok(
        'keystone.watcher',
        `User concertim is watcher in the project of every portal user, ${users.length} in all`,
      ),
    ];
  }
  return unwatched.map(({ login, projectId }) =>
    warning('keystone.watcher', {
      found: `User concertim is not watcher in project ${projectId} of portal user ${login}`,
      why: 'Only watched projects have figures.',
      repair: `openstack role add --user ${userId} --project ${projectId} ${role}`,
      remedy: { kind: 'grant-role', role, userId, projectId: projectId as ProjectId },
    }),
  );
}
