import type { ListOptions } from '../http/list-options.ts';
import { unreachable } from '../runtime/unreachable.ts';
import type { Owner, OwnerId, OwnerPatch, Rows, Team, User, UserId } from './model.ts';
import type { PortalProfile } from './profile.ts';
import type { Session } from './session.ts';
import { readTeams } from './teams.ts';
import { readUsers } from './users.ts';

/** Those who can have racks in this release: teams, or users except super-users. */
export async function listOwners(
  session: Session,
  options: ListOptions & { readonly profile: PortalProfile },
): Promise<Owner[]> {
  return (await readOwners(session, options)).rows;
}

/** All owners, and the rows that cannot be read. */
export async function readOwners(
  session: Session,
  { profile, signal }: ListOptions & { readonly profile: PortalProfile },
): Promise<Rows<Owner>> {
  if (profile.owner === 'team') {
    const { rows, unreadable } = await readTeams(session, { signal });
    return { rows: rows.map(ownerOfTeam), unreadable };
  }
  const { rows, unreadable } = await readUsers(session, { signal });
  return { rows: rows.filter(({ root }) => !root).map(ownerOfUser), unreadable };
}

function ownerOfUser({ id, login, projectId, leaving, account }: User): Owner {
  return { kind: 'user', id: id as UserId & OwnerId, name: login, projectId, leaving, account };
}

function ownerOfTeam({ id, name, projectId, account }: Team): Owner {
  return { kind: 'team', id: id as Team['id'] & OwnerId, name, projectId, leaving: false, account };
}

/**
 * Changes the fields that `patch` names and the release has. Others are not sent: the portal would ignore them silently or,
 * for users in releases with teams, refuse the whole request.
 *
 * @throws {ConcertimError} `isTaken` when another owner has the project or the billing account
 */
export async function updateOwner(
  session: Session,
  owner: Pick<Owner, 'kind' | 'id'>,
  patch: OwnerPatch,
  signal?: AbortSignal,
): Promise<void> {
  const { ownerFields } = await session.profile(signal);
  const fields: Record<string, unknown> = {};
  for (const field of ownerFields)
    if (patch[field] !== undefined) Object.assign(fields, attribute(patch, field));
  if (Object.keys(fields).length === 0) return;
  const collection = `/api/v1/${owner.kind}s`;
  await session.request({
    method: 'PATCH',
    path: `${collection}/${owner.id}`,
    route: `${collection}/{id}`,
    body: { [owner.kind]: fields },
    idempotent: true,
    signal,
  });
}

function attribute(patch: OwnerPatch, field: keyof OwnerPatch): Record<string, unknown> {
  switch (field) {
    case 'projectId':
      return { project_id: patch.projectId };
    case 'billingAccountId':
      return { billing_acct_id: patch.billingAccountId };
    case 'billingPeriod':
      return {
        billing_period_start: patch.billingPeriod?.start,
        billing_period_end: patch.billingPeriod?.end,
      };
    case 'cost':
    case 'credits':
      return { [field]: patch[field] };
    default:
      return unreachable(field);
  }
}

/** The projects that have an owner in the portal. Other projects of the cloud are not Concertim's customers. */
export function projectsOf(owners: readonly Owner[]): Set<string> {
  return new Set(owners.flatMap(({ projectId }) => projectId ?? []));
}
