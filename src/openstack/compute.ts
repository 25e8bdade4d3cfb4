/** Compute (Nova) v2.1. */
import { z } from 'zod';
import { parseBody, parseRows } from '../http/body.ts';
import type { HttpResponse } from '../http/client.ts';
import { ListBody } from '../http/list-body.ts';
import type { ListOptions } from '../http/list-options.ts';
import { PageCount } from '../http/page-count.ts';
import { memoryOfEach } from '../http/row-memory.ts';
import { assertNotFound, OpenStackError } from './errors.ts';
import { forgetMicroversion, knowsMicroversion, microversion } from './microversion.ts';
import type {
  Flavor,
  FlavorId,
  ProjectId,
  Server,
  ServerFlavor,
  ServerGroup,
  ServerGroupId,
  ServerId,
  StackId,
  Unreadable,
  VolumeId,
} from './model.ts';
import { type PagedShape, type PageOptions, readPages } from './paging.ts';
import { rowOrUnreadable } from './row.ts';
import { stateOfStatus } from './server-state.ts';
import type { Session, SessionRequest } from './session.ts';
import * as wire from './wire/compute.ts';

/** Nova's own `[api] max_limit`. */
const pageSize = 1000;

/** The servers of the whole cloud, as each session saw them last. */
type ServerRow = Server | Unreadable<ServerId>;

const memoryOf = memoryOfEach<ServerRow>();

/**
 * The servers of all projects, or of one. Servers in a cell that is down are missing: Nova waits a minute for
 * the cell, then leaves them out of the pages.
 */
export async function listServers(
  session: Session,
  { projectId, signal }: ListOptions & { readonly projectId?: ProjectId | undefined } = {},
): Promise<(Server | Unreadable<ServerId>)[]> {
  if (projectId === undefined) return (await readServers(session, { signal })).servers;
  const query = { all_tenants: 1, limit: pageSize, project_id: projectId };
  // A list of one project must not replace the remembered rows of the others.
  return (await listPages(session, { route: '/servers/detail', query, signal }, servers)).rows;
}

/** The servers of all projects, and Nova's clock when the list was begun, ms since 1970. */
export async function readServers(
  session: Session,
  { signal, onNew }: ListOptions & Pick<PageOptions<ServerRow>, 'onNew'> = {},
): Promise<{ readonly servers: ServerRow[]; readonly at: number }> {
  const query = { all_tenants: 1, limit: pageSize };
  const request = { route: '/servers/detail', query, signal };
  const { rows, at } = await listPages(session, request, servers, { memory: memoryOf(session), onNew });
  return { servers: rows, at };
}

/** What has become of the list of servers. */
export interface ChangedServers {
  /** As they are now. */
  readonly servers: readonly (Server | Unreadable<ServerId>)[];
  /** Nova says so: they will not come back. */
  readonly deleted: readonly ServerId[];
}

/**
 * Servers of all projects whose own row in Nova's database has changed at `since` (ISO time) or later. Addresses and attached volumes are
 * in other rows, so a server is missing if only these have changed. Soft-deleted servers are included, unlike in a list of all.
 */
export async function readChangedServers(
  session: Session,
  { since, signal }: ListOptions & { readonly since: string },
): Promise<ChangedServers> {
  const query = { all_tenants: 1, 'changes-since': since, limit: pageSize };
  const { rows } = await listPages(session, { route: '/servers/detail', query, signal }, servers);
  return {
    servers: rows.filter((row) => !isDeleted(row)),
    deleted: rows.filter(isDeleted).map(({ id }) => id),
  };
}

/** Whether a list of all servers shows this one, which may be soft-deleted. */
export function isListed(server: Server | Unreadable<ServerId>): boolean {
  return server.kind === 'unreadable' || server.vmState !== 'soft-delete';
}

/** Some servers of all projects: the first `count` of the list. */
export async function sampleServers(
  session: Session,
  count: number,
  signal?: AbortSignal,
): Promise<readonly (Server | Unreadable<ServerId>)[]> {
  const query = { all_tenants: 1, limit: count };
  const into = new ListBody(servers);
  return into.rowsOf(await get(session, { route: '/servers/detail', query, into, signal }));
}

/** One server; undefined when it is not there any more. */
export async function showServer(
  session: Session,
  id: ServerId,
  signal?: AbortSignal,
): Promise<Server | Unreadable<ServerId> | undefined> {
  const path = `/servers/${encodeURIComponent(id)}`;
  const response = await find(session, { path, route: '/servers/{id}', signal });
  if (!response) return undefined;
  const { server } = parseBody(response, z.object({ server: ServerOrUnreadable }));
  return isDeleted(server) ? undefined : server;
}

/** Ids of the servers deleted at `since` (ISO time) or later, as far as Nova still keeps their rows. */
export async function listDeletedServers(
  session: Session,
  { since, signal }: ListOptions & { readonly since: string },
): Promise<ServerId[]> {
  const query = { all_tenants: 1, deleted: true, 'changes-since': since, limit: pageSize };
  const { rows } = await listPages(session, { route: '/servers/detail', query, signal }, servers);
  return rows.filter(isDeleted).map(({ id }) => id);
}

/**
 * Hosts whose cell Nova cannot reach; undefined before 2.69, where Nova leaves them out. The answer may take
 * a minute.
 */
export async function listUnreachableHosts(
  session: Session,
  { timeoutMs, signal }: ListOptions & { readonly timeoutMs: number },
): Promise<string[] | undefined> {
  if (!(await knowsMicroversion(session, '2.69'))) return undefined;
  const query = { binary: 'nova-compute' };
  const response = await get(session, { route: '/os-services', query, timeoutMs, signal });
  const services = parseRows(response, { field: 'services', row: wire.Service });
  return services.filter(({ status }) => status === wire.unreachable).map(({ host }) => host);
}

type FlavorRow = Flavor | Unreadable<FlavorId>;

/** The flavors of all projects, private ones too. */
export async function listFlavors(session: Session, { signal }: ListOptions = {}): Promise<FlavorRow[]> {
  const query = { is_public: 'None', limit: pageSize };
  return (await listPages(session, { route: '/flavors/detail', query, signal }, flavors)).rows;
}

/** One flavor; undefined when it is not there any more. */
export async function showFlavor(
  session: Session,
  id: FlavorId,
  signal?: AbortSignal,
): Promise<Flavor | undefined> {
  const path = `/flavors/${encodeURIComponent(id)}`;
  const response = await find(session, { path, route: '/flavors/{id}', signal });
  return response && toFlavor(parseBody(response, wire.FlavorBody).flavor);
}

type GroupRow = ServerGroup | Unreadable<ServerGroupId>;

/** The server groups of all projects. */
export async function listServerGroups(session: Session, { signal }: ListOptions = {}): Promise<GroupRow[]> {
  const groups = new Map<string, GroupRow>();
  const pages = new PageCount(session.clock);
  // This list has no links, and Nova's `max_limit` may shorten a page below the requested limit: the list ends only
  // where nothing new comes.
  for (let offset = 0; ; ) {
    const query = { all_projects: 'True', limit: pageSize, offset };
    const response = await get(session, { route: '/os-server-groups', query, signal });
    const page = parseRows(response, { field: 'server_groups', row: GroupOrUnreadable });
    const known = groups.size;
    for (const group of page) groups.set(group.id, group);
    if (groups.size === known) return [...groups.values()];
    pages.turn(response, groups.size);
    offset += page.length;
  }
}

type Get = Omit<SessionRequest, 'method' | 'path'> & { readonly path?: string };

async function get(session: Session, request: Get): Promise<HttpResponse> {
  return atMicroversion(session, request, (whole) => session.request('compute', whole));
}

/** undefined when Nova says that there is no such thing. */
async function find(session: Session, request: Get): Promise<HttpResponse | undefined> {
  const response = await get(session, { ...request, accept: [404] });
  if (response.status !== 404) return response;
  assertNotFound(response);
  return undefined;
}

async function listPages<Row extends { readonly id: string }>(
  session: Session,
  request: Get,
  shape: PagedShape<Row>,
  options?: PageOptions<Row>,
): Promise<{ rows: Row[]; at: number }> {
  return atMicroversion(session, request, (whole) => readPages(session, 'compute', whole, shape, options));
}

async function atMicroversion<T>(
  session: Session,
  request: Get,
  work: (whole: SessionRequest) => Promise<T>,
): Promise<T> {
  const version = await microversion(session, request.signal);
  // The second is for Nova before 2.27.
  const headers = { 'openstack-api-version': `compute ${version}`, 'x-openstack-nova-api-version': version };
  try {
    return await work({ path: request.route, ...request, method: 'GET', headers });
  } catch (error) {
    if (error instanceof OpenStackError && error.status === 406) forgetMicroversion(session);
    throw error;
  }
}

const ServerOrUnreadable = rowOrUnreadable<Server, ServerId>(
  wire.Server.transform(toServer),
  'a server',
  (row) =>
    wire.UnreachableServer.safeParse(row).success ? 'Nova cannot reach the cell that it is in' : undefined,
);

const servers = { field: 'servers', row: ServerOrUnreadable, links: 'servers_links' };

function toServer(row: wire.Server): Server {
  const derived = stateOfStatus(row.status);
  const vmState = row['OS-EXT-STS:vm_state'];
  return {
    kind: 'server',
    id: row.id as ServerId,
    name: row.name,
    projectId: row.tenant_id as ProjectId,
    vmState: vmState ?? derived.vmState,
    taskState: vmState == null ? derived.taskState : (row['OS-EXT-STS:task_state'] ?? null),
    flavor: toServerFlavor(row.flavor),
    addresses: Object.entries(row.addresses).flatMap(([network, addresses]) =>
      addresses.map((address) => ({
        network,
        address: address.addr,
        version: address.version,
        type: address['OS-EXT-IPS:type'],
        mac: address['OS-EXT-IPS-MAC:mac_addr'] ?? null,
      })),
    ),
    keyName: row.key_name ?? null,
    volumes: row['os-extended-volumes:volumes_attached'].map((volume) => ({
      id: volume.id as VolumeId,
      deleteOnTermination: volume.delete_on_termination ?? null,
    })),
    rootStackId: (row.scheduler_hints?.heat_root_stack_id as StackId | undefined) ?? null,
    createdAt: row.created,
  };
}

function toServerFlavor(flavor: wire.Server['flavor']): ServerFlavor {
  if ('id' in flavor) return { kind: 'id', id: flavor.id as FlavorId };
  const { original_name: name, vcpus, ram, disk } = flavor;
  return { kind: 'embedded', name, vcpus, ram, disk };
}

const FlavorOrUnreadable = rowOrUnreadable<Flavor, FlavorId>(wire.Flavor.transform(toFlavor), 'a flavor');

const flavors = { field: 'flavors', row: FlavorOrUnreadable, links: 'flavors_links' };

function toFlavor(flavor: wire.Flavor): Flavor {
  return { ...flavor, id: flavor.id as FlavorId };
}

const GroupOrUnreadable = rowOrUnreadable<ServerGroup, ServerGroupId>(
  wire.ServerGroup.transform(toServerGroup),
  'a server group',
);

function toServerGroup(group: wire.ServerGroup): ServerGroup {
  return {
    id: group.id as ServerGroupId,
    projectId: group.project_id as ProjectId,
    members: group.members as ServerId[],
  };
}

function isDeleted(server: Server | Unreadable<ServerId>): boolean {
  return server.kind === 'server' && server.vmState === 'deleted';
}
