import { listDevices } from '../concertim/devices.ts';
import type { PortalSnapshot } from '../concertim/model.ts';
import { listRacks } from '../concertim/racks.ts';
import type { Session } from '../concertim/session.ts';
import { listTemplates } from '../concertim/templates.ts';
import { listUsers } from '../concertim/users.ts';

/** The whole portal in four requests. */
export async function observePortal(session: Session, signal?: AbortSignal): Promise<PortalSnapshot> {
  const [users, racks, devices, templates] = await Promise.all([
    listUsers(session, signal),
    listRacks(session, signal),
    listDevices(session, signal),
    listTemplates(session, signal),
  ]);
  return { users, racks, devices, templates };
}
