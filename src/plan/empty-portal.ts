import type { OwnerId, PortalSnapshot } from '../concertim/model.ts';
import { type PortalProfile, profiles } from '../concertim/profile.ts';
import type { ProjectId } from '../openstack/model.ts';

/** A portal that shows nothing yet, in which each of these projects has an owner, named as the project. */
export function emptyPortal(
  projects: readonly ProjectId[],
  profile: PortalProfile = profiles.main,
): PortalSnapshot {
  const owners = projects.map((projectId, at) => ({
    kind: profile.owner,
    id: (at + 1) as OwnerId,
    name: projectId as string,
    projectId: projectId as string,
    leaving: false,
    account: {
      billingAccountId: undefined,
      cost: undefined,
      credits: undefined,
      billingPeriod: undefined,
    },
  }));
  return { profile, owners, racks: [], devices: [], templates: [] };
}
