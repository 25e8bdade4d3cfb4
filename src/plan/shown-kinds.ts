import type { PortalProfile } from '../concertim/profile.ts';
import { type Kind, kinds } from '../openstack/model.ts';
import { onceFor } from '../runtime/once-for.ts';

/** The kinds that have devices in a release of the portal. */
export const shownKinds: (profile: Pick<PortalProfile, 'statuses'>) => readonly Kind[] = onceFor(
  ({ statuses }) => kinds.filter((kind) => statuses[kind].length > 0),
);
