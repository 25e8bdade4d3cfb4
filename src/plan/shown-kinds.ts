import type { PortalProfile } from '../concertim/profile.ts';
import { type Kind, kinds } from '../openstack/model.ts';

/** The kinds that have devices in a release of the portal. */
export function shownKinds({ statuses }: Pick<PortalProfile, 'statuses'>): readonly Kind[] {
  return kinds.filter((kind) => statuses[kind].length > 0);
}
