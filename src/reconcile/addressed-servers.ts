import type { FloatingIpReference, ObjectReference, Reference, ServerId } from '../openstack/model.ts';
import { objectOfDevice } from '../plan/ownership.ts';
import { indexPortal } from '../plan/portal-index.ts';
import type { PortalMirror } from './mirror.ts';

/**
 * Objects that references name; for a floating IP the server that it is now assigned to, and those that the portal shows with it,
 * since no notification says which server it was removed from. Most references name no floating IP: then the portal is not searched.
 *
 * @returns them, and which of them are servers of floating IPs
 */
export function resolveFloatingIps(
  references: readonly Reference[],
  mirror: Pick<PortalMirror, 'snapshot'>,
): { readonly objects: readonly ObjectReference[]; readonly addressed: readonly ObjectReference[] } {
  const others: ObjectReference[] = [];
  const floatingIps = new Map<string, FloatingIpReference>();
  for (const reference of references) {
    if (reference.kind === 'floating-ip') floatingIps.set(reference.id, reference);
    else others.push(reference);
  }
  if (floatingIps.size === 0) return { objects: others, addressed: [] };

  const { devicesOf } = indexPortal(mirror.snapshot());
  const addressed: ObjectReference[] = [];
  for (const { serverId, projectId } of floatingIps.values())
    if (serverId) addressed.push({ kind: 'server', id: serverId, projectId, deleted: false });
  for (const devices of devicesOf.server.values()) {
    for (const device of devices) {
      const id = objectOfDevice(device);
      if (device.kind !== 'server' || !id || !addressesIn(device.publicIps).some((ip) => floatingIps.has(ip)))
        continue;
      addressed.push({ kind: 'server', id: id as ServerId, projectId: undefined, deleted: false });
    }
  }
  return { objects: [...others, ...addressed], addressed };
}

/** The addresses in `network:address, network:address`. Colons in the name of a network are escaped. */
function addressesIn(publicIps: string | null | undefined): string[] {
  return publicIps?.split(', ').map((each) => each.slice(each.indexOf(':') + 1)) ?? [];
}
