import { request } from 'undici';
import { z } from 'zod';
import type { DeviceRow, Portal, RackRow, UserRow } from './portal.ts';

/** What the portal's buttons can ask for, by its own status of the object; of any other status nothing. */
const deviceTasks: Readonly<Record<string, readonly string[]>> = {
  ACTIVE: ['destroy', 'off', 'suspend'],
  STOPPED: ['destroy', 'on'],
  SUSPENDED: ['destroy', 'resume'],
};
const rackTasks: Readonly<Record<string, readonly string[]>> = { ACTIVE: ['destroy'], STOPPED: ['destroy'] };

/** The portal waits so long, ms, to connect and for an answer. */
const timeoutMs = 5_000;

/** What the portal answers to its own page. */
export type StatusChangeAnswer =
  | { readonly success: true }
  | { readonly success: false; readonly errors: readonly string[] };

export interface StatusChangeOptions {
  /** Keystone's address, as the portal's cloud configuration has it. */
  readonly authUrl: string;
  readonly task: string;
}

/**
 * What a button of the rack view does: asks the companion's API server, with the credentials of the object's owner, to
 * switch a device or rack. The portal does not change its own status: it learns of what has become of it later.
 */
export async function requestStatusChange(
  portal: Portal,
  object: DeviceRow | RackRow,
  { authUrl, task }: StatusChangeOptions,
): Promise<StatusChangeAnswer> {
  const isRack = 'u_height' in object;
  const allowed = (isRack ? rackTasks : deviceTasks)[object.status] ?? [];
  if (!allowed.includes(task)) return refused(`cannot ${task} what is ${object.status}`);
  const rack = isRack ? object : portal.racks.get(object.rack_id ?? 0);
  const owner = portal.users.get(rack?.user_id ?? 0);
  if (!owner?.cloud_user_id) return refused('its owner has no account in the cloud');
  if (portal.companionUrl === undefined) return refused('no service is there to ask: npm start has one');
  const recorded = object.metadata[isRack ? 'openstack_stack_id' : 'openstack_instance_id'];
  const id = typeof recorded === 'string' ? recorded : '';
  const kind = isRack ? 'racks' : 'devices';
  const body = { cloud_env: cloudEnv(owner, authUrl), action: task };
  try {
    const answer = await request(`${portal.companionUrl}/update_status/${kind}/${id}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
    });
    const text = await answer.body.text();
    if (answer.statusCode < 300) return { success: true };
    return refused(messageIn(text) ?? `the server responded with status ${answer.statusCode}`);
  } catch (error) {
    return refused(error instanceof Error ? error.message : String(error));
  }
}

function cloudEnv(owner: UserRow, authUrl: string) {
  return {
    auth_url: authUrl,
    user_id: owner.cloud_user_id?.replaceAll('-', ''),
    password: owner.password,
    project_id: owner.project_id,
  };
}

const ErrorMessage = z.object({ message: z.string() });

function messageIn(text: string): string | undefined {
  try {
    return ErrorMessage.parse(JSON.parse(text)).message;
  } catch {
    return undefined;
  }
}

function refused(why: string): StatusChangeAnswer {
  return { success: false, errors: [`Unable to submit request: ${why}`] };
}
