import { z } from 'zod';
import type { Owner } from '../../concertim/model.ts';
import { parseRows } from '../../http/body.ts';
import { type Domain, findRole, showDomain, showProject } from '../../openstack/identity.ts';
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
  const { gone, disabled, ofDomain } = await projectsAstray(patient, owned);
  const shut = await disabledDomains(patient, token, ofDomain);
  const present = owned.filter((owner) => !gone.includes(owner));
  return [
    ...gone.map(withoutProject),
    ...disabled.map(({ kind, name, projectId }) =>
      warning('keystone.projects', {
        found: `Project ${projectId} of portal ${kind} ${name} is disabled in Keystone`,
        why: 'What is in it stays shown. Nobody can sign in to it: requests through the portal are refused, and servers keep running.',
        repair: `If that is not meant: openstack project set --enable ${projectId}`,
      }),
    ),
    ...shut.map(({ domain, owners: [first, ...others] }) =>
      warning('keystone.projects', {
        found: `Domain ${domain.name} (${domain.id}) is disabled in Keystone; the project of portal ${first?.kind} ${first?.name} is in it${others.length > 0 ? `, and those of ${others.length} more` : ''}`,
        why: 'What is in these projects stays shown. Nobody can sign in to them: requests through the portal are refused, and servers keep running.',
        repair: `If that is not meant: openstack domain set --enable ${domain.id}`,
      }),
    ),
    ...(await checkWatcher(patient, token, present)),
  ];
}

/** An owner whose project no Keystone has. */
export function withoutProject({ kind, name, projectId }: Owner): Finding {
  return error('keystone.projects', {
    found: `Project ${projectId} of portal ${kind} ${name} is not in Keystone`,
    why: `What Nova and Heat still list of that project stays shown, without figures. Nobody can sign in to it, so that nothing is made, changed or deleted in it through the portal.`,
    repair: `Is openstack.auth_url the right cloud? Else clear the project id of ${name} in Concertim and save the ${kind} again.`,
  });
}

const Project = z.object({
  id: z.string(),
  domain_id: z.string().optional(),
  enabled: z.boolean().default(true),
});

/** Owners whose project is not in Keystone, or disabled there; and those of each domain. */
async function projectsAstray(
  { cloud }: Patient,
  owners: readonly Owner[],
): Promise<{ gone: Owner[]; disabled: Owner[]; ofDomain: Map<string | undefined, Owner[]> }> {
  const path = '/projects';
  const response = await cloud.request('identity', { method: 'GET', path, route: path });
  const found = new Map<string | null, { enabled: boolean; domainId: string | undefined }>(
    parseRows(response, { field: 'projects', row: Project }).map(({ id, domain_id: domainId, enabled }) => [
      id,
      { enabled, domainId },
    ]),
  );
  // Keystone may cut its list short: only an answer about the project itself tells.
  const doubtful = owners.filter(({ projectId }) => !found.has(projectId));
  await Promise.all(
    doubtful.map(async ({ projectId }) => {
      const shown = await showProject(cloud, projectId as ProjectId);
      if (shown) found.set(projectId, shown);
    }),
  );
  return {
    gone: owners.filter(({ projectId }) => !found.has(projectId)),
    disabled: owners.filter(({ projectId }) => found.get(projectId)?.enabled === false),
    ofDomain: Map.groupBy(owners, ({ projectId }) => found.get(projectId)?.domainId),
  };
}

/** The domain of our own project is enabled: Keystone has let us in. */
async function disabledDomains(
  { cloud }: Patient,
  token: Token,
  ofDomain: ReadonlyMap<string | undefined, Owner[]>,
): Promise<{ domain: Domain; owners: Owner[] }[]> {
  const shown = await Promise.all(
    [...ofDomain].map(async ([id, owners]) => {
      const isInDoubt = id !== undefined && id !== token.domainId;
      return { domain: isInDoubt ? await showDomain(cloud, id) : undefined, owners };
    }),
  );
  return shown.flatMap(({ domain, owners }) => (domain?.enabled === false ? [{ domain, owners }] : []));
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
