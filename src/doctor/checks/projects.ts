import { z } from 'zod';
import type { Owner } from '../../concertim/model.ts';
import { parseRows } from '../../http/body.ts';
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
  owners: readonly Owner[],
): Promise<Finding[]> {
  const owned = owners.filter(({ projectId }) => projectId !== null);
  const { gone, disabled } = await projectsAstray(patient, owned);
  const present = owned.filter((owner) => !gone.includes(owner));
  return [
    ...gone.map(({ kind, name, projectId }) =>
      error('keystone.projects', {
        found: `Project ${projectId} of portal ${kind} ${name} is not in Keystone`,
        why: `What Nova and Heat still list of that project stays shown, without figures. Nobody can sign in to it, so that nothing is made, changed or deleted in it through the portal.`,
        repair: `Is openstack.auth_url the right cloud? Else clear the project id of ${name} in Concertim and save the ${kind} again.`,
      }),
    ),
    ...disabled.map(({ kind, name, projectId }) =>
      warning('keystone.projects', {
        found: `Project ${projectId} of portal ${kind} ${name} is disabled in Keystone`,
        why: 'What is in it stays shown. Nobody can sign in to it: requests through the portal are refused, and servers keep running.',
        repair: `If that is not meant: openstack project set --enable ${projectId}`,
      }),
    ),
    ...(await checkWatcher(patient, token, present)),
  ];
}

const Project = z.object({ id: z.string(), enabled: z.boolean().default(true) });

/** Owners whose project is not in Keystone, or disabled there. */
async function projectsAstray(
  { cloud }: Patient,
  owners: readonly Owner[],
): Promise<{ gone: Owner[]; disabled: Owner[] }> {
  const path = '/projects';
  const response = await cloud.request('identity', { method: 'GET', path, route: path });
  const isEnabled = new Map(
    parseRows(response, { field: 'projects', row: Project }).map(({ id, enabled }) => [id, enabled]),
  );
  // Keystone may cut its list short: only an answer about the project itself tells.
  const doubtful = owners.filter(({ projectId }) => !isEnabled.has(projectId ?? ''));
  const shown = await Promise.all(
    doubtful.map(({ projectId }) => showProject(cloud, projectId as ProjectId)),
  );
  return {
    gone: doubtful.filter((_, index) => shown[index] === undefined),
    disabled: owners.filter(({ projectId }) => isEnabled.get(projectId ?? '') === false),
  };
}

async function checkWatcher({ cloud }: Patient, token: Token, owners: readonly Owner[]): Promise<Finding[]> {
  const role = 'watcher';
  const [userId, roleId] = await Promise.all([findStaff(cloud, 'concertim', token), findRole(cloud, role)]);
  // That one of them is missing is said already.
  if (!userId || !roleId) return [];
  const watched = new Set<string | null>(await listProjectsWithRole(cloud, { userId, roleId }));
  const unwatched = owners.filter(({ projectId }) => !watched.has(projectId));
  if (unwatched.length === 0) {
    return [
      ok(
        'keystone.watcher',
        `User concertim is watcher in the project of every portal user, ${owners.length} in all`,
      ),
    ];
  }
  return unwatched.map(({ kind, name, projectId }) =>
    warning('keystone.watcher', {
      found: `User concertim is not watcher in project ${projectId} of portal ${kind} ${name}`,
      why: 'Only watched projects have figures.',
      repair: `openstack role add --user ${userId} --project ${projectId} ${role}`,
      remedy: { kind: 'grant-role', role, userId, projectId: projectId as ProjectId },
    }),
  );
}
