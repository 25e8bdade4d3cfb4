import type { DeviceRow, RackRow, UserRow } from '../portal.ts';
import { envOf, mustHaveUser, type OutboundContext } from './outbound-context.ts';
import { page } from './page-answer.ts';

/** What the portal's buttons can ask for, by its own status of the object; of any other status nothing. */
const deviceTasks: Readonly<Record<DeviceRow['kind'], Readonly<Record<string, readonly string[]>>>> = {
  Instance: {
    ACTIVE: ['destroy', 'off', 'suspend'],
    STOPPED: ['destroy', 'on'],
    SUSPENDED: ['destroy', 'resume'],
    FAILED: ['destroy'],
  },
  Volume: { AVAILABLE: ['destroy'], FAILED: ['destroy'] },
  Network: { ACTIVE: ['destroy'], STOPPED: ['destroy'], FAILED: ['destroy'] },
};
const rackTasks: Readonly<Record<string, readonly string[]>> = {
  ACTIVE: ['destroy'],
  STOPPED: ['destroy'],
  FAILED: ['destroy'],
};

/** What the portal answers to its own page. */
export type StatusChangeAnswer =
  | { readonly success: true }
  | { readonly success: false; readonly errors: readonly string[] };

/**
 * What a button of the rack view does: asks the companion's API server to switch a device or rack, with the credentials of
 * the object's owner or, for an administrator, with the portal's own. The portal does not change its own status: it learns
 * of what has become of it later.
 */
export async function requestStatusChange(
  context: OutboundContext,
  object: DeviceRow | RackRow,
  { task, by }: { readonly task: string; readonly by?: UserRow },
): Promise<StatusChangeAnswer> {
  const { portal, rules, companion } = context;
  const isRack = 'u_height' in object;
  if (Object.keys(rules.statusPaths).length === 0) return refused('this release has no such buttons');
  const type = isRack ? 'racks' : rules.statusPaths[object.kind];
  if (type === undefined)
    return { success: false, errors: [`cannot perform action '${task}' on this device`] };
  const isBeyond = object.status === 'FAILED' && !rules.destroysFailed;
  const tasks = isRack ? rackTasks : deviceTasks[object.kind];
  if (isBeyond || !tasks[object.status]?.includes(task)) {
    return { success: false, errors: [`${task} is not a valid action for ${object.name}`] };
  }
  const rack = isRack ? object : portal.racks.get(object.rack_id ?? 0);
  const owner = by ?? mustHaveUser(context, rack?.user_id ?? 0);
  if (!owner.root && !owner.cloud_user_id) return refused('its owner has no account in the cloud');
  const env = owner.root
    ? context.admin()
    : envOf(context, owner, rack && mustHaveUser(context, rack.user_id).project_id);
  const cloud_env = rules.stripsDashes ? { ...env, user_id: env.user_id?.replaceAll('-', '') ?? null } : env;
  const recorded = object.metadata[isRack ? 'openstack_stack_id' : 'openstack_instance_id'];
  const id = typeof recorded === 'string' ? recorded : '';
  const answer = await page(() =>
    companion.call({
      method: 'POST',
      path: `/update_status/${type}/${id}`,
      body: { cloud_env, action: task },
    }),
  );
  return answer.ok ? { success: true } : refused(answer.message);
}

function refused(why: string): StatusChangeAnswer {
  return { success: false, errors: [`Unable to submit request: ${why}`] };
}
