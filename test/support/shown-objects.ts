import type { ObjectReference } from '../../src/openstack/model.ts';
import type { DeviceRow } from '../../src/sandbox/portal/portal.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';

/** As a notification of it names an object of the cloud. */
export function about(
  kind: 'server' | 'volume' | 'network',
  object: { readonly id: string; readonly projectId: string } | undefined,
  deleted = false,
): ObjectReference {
  if (!object) throw new Error(`the sandbox has no ${kind}`);
  return { kind, id: object.id, projectId: object.projectId, deleted } as ObjectReference;
}

/** The device that shows an object of the cloud. */
export function deviceOf({ portal }: Sandbox, { id }: { readonly id: string }): DeviceRow | undefined {
  return portal.devices.all().find(({ metadata }) => metadata['openstack_instance_id'] === id);
}
