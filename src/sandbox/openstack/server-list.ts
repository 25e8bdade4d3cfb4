import type { Server } from '../cloud/compute.ts';
import type { Call } from './call.ts';
import { sinceStubs, unreachableCell, waitForCell } from './down-cell.ts';
import { filter, flag, markerOf, type Page, page, refuseUnknown, timeOf } from './nova-query.ts';
import { notInSandbox, Refusal } from './refusal.ts';
import { type ServerView, statusOf } from './server-body.ts';

/** The servers that `GET /servers` and `GET /servers/detail` are to show. */
export async function listServers(call: Call, view: ServerView): Promise<Page<Server>> {
  const { compute, identity } = call.cloud;
  const { query, isAdmin } = call;
  refuseUnknown(call, view.minor, 75, [...serverFilters, ...otherServerFilters]);
  for (const name of otherServerFilters) {
    if (query.has(name) && isAdmin) throw notInSandbox(`list servers by ${name}`);
  }
  const allTenants = flag(call, 'all_tenants');
  if (allTenants && !isAdmin) {
    throw new Refusal(
      403,
      "Policy doesn't allow os_compute_api:servers:detail:get_all_tenants to be performed.",
    );
  }
  const since = timeOf(call, 'changes-since');
  const before = timeOf(call, 'changes-before');
  const status = query.get('status')?.toUpperCase();
  if (status === 'DELETED' && !isAdmin) {
    throw new Refusal(403, 'Only administrators may list deleted instances');
  }
  const which = whichOf(call, { looksBack: since !== undefined || before !== undefined, status });
  const asked = isAdmin ? (query.get('project_id') ?? query.get('tenant_id')) : null;
  const projectId = allTenants ? (asked ?? undefined) : (call.project?.id ?? '');
  await call.meetProject(asked === null ? undefined : identity.projects.get(asked));

  const listing = compute.servers(which === 'live' ? { projectId } : { deleted: true });
  const name = pattern(query.get('name'));
  const wanted = (server: Server) =>
    (projectId === undefined || server.projectId === projectId) &&
    (which === 'all' || isGone(server) === (which === 'deleted')) &&
    (since === undefined || inSeconds(server.updatedAt) >= since) &&
    (before === undefined || inSeconds(server.updatedAt) <= before) &&
    (name === undefined || name.test(server.name)) &&
    (status === undefined || statusOf(server) === status);
  await waitForCell(call);
  const marker = markerOf(call, (id) => compute.anyServer(id));
  if (marker && compute.isUnreachable(marker)) throw unreachableCell();
  // Nova shows the ids of a cell that is down only in the whole list.
  const isWhole = view.minor >= sinceStubs && [...query.keys()].every((name) => name === 'all_tenants');
  const shown = (server: Server) => wanted(server) && (isWhole || !compute.isUnreachable(server));
  const found = page(call, filter(listing.behind(marker), shown));
  for (const server of found.items) if (server.namedFault) await call.meet(server.namedFault);
  return found;
}

/** A time as Nova's database keeps it, ms since 1970. */
function inSeconds(ms: number): number {
  return Math.floor(ms / 1_000) * 1_000;
}

/** One that is soft-deleted, and can be had back, is listed as if it were gone; by its id it is shown. */
function isGone({ deleted, vmState }: Server): boolean {
  return deleted || vmState === 'soft-delete';
}

/** Nova lists deleted servers to administrators who ask for them, and to everybody with what has changed. */
function whichOf(
  call: Call,
  { looksBack, status }: { looksBack: boolean; status: string | undefined },
): 'live' | 'deleted' | 'all' {
  if (call.isAdmin && (flag(call, 'deleted') || status === 'DELETED')) return 'deleted';
  if (call.isAdmin && call.query.has('deleted')) return 'live';
  return looksBack ? 'all' : 'live';
}

/** What servers can be listed by here. */
const serverFilters =
  'all_tenants changes-before changes-since deleted limit marker name project_id status tenant_id'.split(' ');

/** What Nova knows besides. */
const otherServerFilters = (
  'access_ip_v4 access_ip_v6 auto_disk_config availability_zone config_drive created_at ' +
  'description display_description display_name flavor host hostname image image_ref ip ip6 ' +
  'kernel_id key_name launch_index launched_at locked locked_by node not-tags not-tags-any ' +
  'power_state progress ramdisk_id reservation_id root_device_name soft_deleted sort_dir ' +
  'sort_key tags tags-any task_state terminated_at user_id uuid vm_state'
).split(' ');

function pattern(text: string | null): RegExp | undefined {
  try {
    return text === null ? undefined : new RegExp(text);
  } catch {
    throw new Refusal(400, `Invalid filters name=${text}`);
  }
}
