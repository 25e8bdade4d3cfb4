import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { type Flavor, type Server, type ServerGroup, WrongServerState } from '../cloud/compute.ts';
import type { ServerVerb } from '../cloud/compute-actions.ts';
import type { Listing } from '../cloud/listing.ts';
import type { Call } from './call.ts';
import { negotiate } from './microversion.ts';
import { notInSandbox, Refusal } from './refusal.ts';
import {
  type ServerView,
  serverJson,
  serverLinks,
  shownServerBody,
  statusOf,
  updatedServerBody,
} from './server-body.ts';
import {
  type Answer,
  addManners,
  listBody,
  nextLink,
  type Site,
  webObNotFound,
  withToken,
} from './service.ts';
import { parseUtc } from './times.ts';

/** `[api] max_limit` of nova.conf. */
const maxLimit = 1000;

/** Compute (Nova) v2.1. */
export function addNova(app: FastifyInstance, site: Site): void {
  const { cloud } = site;
  const { compute } = cloud;
  const newest = cloud.options.microversion;
  addManners(app, cloud, {
    requestIdHeaders: ['x-openstack-request-id', 'x-compute-request-id'],
    refusalBody,
    noSuchRoute: webObNotFound,
  });
  const route = (method: 'GET' | 'POST' | 'PUT' | 'DELETE', url: string, answer: Answer) =>
    app.route({ method, url: `/v2.1${url}`, handler: withToken(site, answer) });
  const viewOf = (call: Call): ServerView => ({
    minor: negotiate(call.request, call.reply, newest),
    isAdmin: call.isAdmin,
    base: call.base,
  });

  app.get('/', (request) => ({ versions: [oldVersion(request), version(request, newest)] }));
  for (const path of ['/v2.1', '/v2.1/']) {
    app.get(path, (request, reply) => {
      negotiate(request, reply, newest);
      return { version: versionDetail(request, newest) };
    });
  }

  route('GET', '/servers/detail', async (call) => {
    const view = viewOf(call);
    const page = await listServers(call, view);
    const bodies = page.items.map((server) => serverJson(server, view));
    return listBody('servers', bodies, page.links('servers', '/v2.1/servers/detail'));
  });
  route('GET', '/servers', async (call) => {
    const view = viewOf(call);
    const page = await listServers(call, view);
    const bodies = page.items.map(({ id, name }) =>
      JSON.stringify({ id, name, links: serverLinks(id, view.base) }),
    );
    return listBody('servers', bodies, page.links('servers', '/v2.1/servers'));
  });
  route('GET', '/servers/:id', async (call) => {
    const view = viewOf(call);
    const server = findServer(call);
    await call.meet(server.namedFault);
    return JSON.stringify({ server: shownServerBody(server, view) });
  });
  route('POST', '/servers', (call) => {
    viewOf(call);
    const server = createServer(call);
    call.reply.code(202).header('location', `${call.base}/v2.1/servers/${server.id}`);
    return JSON.stringify({
      server: {
        id: server.id,
        links: serverLinks(server.id, call.base),
        'OS-DCF:diskConfig': 'MANUAL',
        security_groups: [{ name: 'default' }],
        adminPass: cloud.requestIds.letters(12),
      },
    });
  });
  route('PUT', '/servers/:id', (call) => {
    const view = viewOf(call);
    const server = findServer(call);
    const patch = parse(
      z.object({ name: z.string().min(1).max(255).optional() }),
      call.body['server'],
      'server',
    );
    if (patch.name !== undefined) compute.renameServer(server.id, patch.name);
    return JSON.stringify({ server: updatedServerBody(server, view) });
  });
  route('DELETE', '/servers/:id', (call) => {
    viewOf(call);
    compute.deleteServer(findServer(call).id);
    call.reply.code(204);
    return undefined;
  });
  route('POST', '/servers/:id/action', (call) => {
    viewOf(call);
    act(call);
    return undefined;
  });

  route('GET', '/flavors/detail', (call) => {
    const { minor } = viewOf(call);
    const page = listFlavors(call);
    const bodies = page.items.map((flavor) => JSON.stringify(flavorBody(flavor, minor, call.base)));
    return listBody('flavors', bodies, page.links('flavors', '/v2.1/flavors/detail'));
  });
  route('GET', '/flavors/:id', (call) => {
    const { minor } = viewOf(call);
    const flavor = compute.flavors.get(call.parameter('id'));
    if (!flavor || !(flavor.isPublic || call.isAdmin)) {
      throw new Refusal(404, `Flavor ${call.parameter('id')} could not be found.`);
    }
    return JSON.stringify({ flavor: flavorBody(flavor, minor, call.base) });
  });

  route('GET', '/os-server-groups', (call) => {
    const { minor } = viewOf(call);
    refuseUnknown(call, minor, 75, ['all_projects', 'limit', 'offset']);
    const all = call.isAdmin && call.query.get('all_projects') !== null;
    const groups = [...compute.groups.values()].filter(
      (group) => all || group.projectId === call.project?.id,
    );
    const offset = wholeNumber(call, 'offset') ?? 0;
    const page = groups.slice(offset, offset + Math.min(wholeNumber(call, 'limit') ?? maxLimit, maxLimit));
    return JSON.stringify({ server_groups: page.map((group) => groupBody(group, minor)) });
  });
}

/** Nova names its faults after what they are, not after their status. */
function refusalBody({ status, message, type }: Refusal): unknown {
  if (status === 401) return { error: { code: 401, title: 'Unauthorized', message } };
  const names: Readonly<Record<number, string>> = {
    400: 'badRequest',
    403: 'forbidden',
    404: 'itemNotFound',
    409: 'conflictingRequest',
    413: 'overLimit',
    429: 'overLimit',
    501: 'notImplemented',
    503: 'serviceUnavailable',
  };
  return { [type === 'computeFault' ? type : (names[status] ?? 'computeFault')]: { code: status, message } };
}

interface Page<T> {
  readonly items: readonly T[];
  /** The address of the next page; Nova gives one whenever a page is full, were it the last one. */
  readonly links: (name: string, path: string) => Readonly<Record<string, unknown>>;
}

function page<T extends { readonly id: string }>(call: Call, candidates: Iterable<T>): Page<T> {
  const limit = Math.min(wholeNumber(call, 'limit') ?? maxLimit, maxLimit);
  const items: T[] = [];
  if (limit > 0) {
    for (const item of candidates) if (items.push(item) === limit) break;
  }
  const last = items.length === limit ? items.at(-1) : undefined;
  return {
    items,
    links: (name, path) => (last ? { [`${name}_links`]: [nextLink(call, path, last.id)] } : {}),
  };
}

async function listServers(call: Call, view: ServerView): Promise<Page<Server>> {
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
  const looksBack = since !== undefined || before !== undefined;
  const status = query.get('status')?.toUpperCase();
  if (status === 'DELETED' && !isAdmin)
    throw new Refusal(403, 'Only administrators may list deleted instances');
  const onlyDeleted = isAdmin && (flag(call, 'deleted') || status === 'DELETED');
  const onlyLive = isAdmin && query.has('deleted') ? !onlyDeleted : !looksBack && !onlyDeleted;
  const asked = isAdmin ? (query.get('project_id') ?? query.get('tenant_id')) : null;
  const projectId = allTenants ? (asked ?? undefined) : (call.project?.id ?? '');
  await call.meetProject(asked === null ? undefined : identity.projects.get(asked));

  const listing: Listing<Server> = onlyLive
    ? compute.servers({ projectId })
    : compute.servers({ deleted: true });
  const name = pattern(query.get('name'));
  const wanted = (server: Server) =>
    (onlyLive || projectId === undefined || server.projectId === projectId) &&
    (!onlyDeleted || server.deleted) &&
    (since === undefined || server.updatedAt >= since) &&
    (before === undefined || server.updatedAt <= before) &&
    (name === undefined || name.test(server.name)) &&
    (status === undefined || statusOf(server) === status);
  const found = page(call, filter(listing.behind(markerOf(call, (id) => compute.anyServer(id))), wanted));
  for (const server of found.items) if (server.namedFault) await call.meet(server.namedFault);
  return found;
}

/** What servers can be listed by here. */
const serverFilters = [
  'all_tenants',
  'changes-before',
  'changes-since',
  'deleted',
  'limit',
  'marker',
  'name',
  'project_id',
  'status',
  'tenant_id',
]; // prettier-ignore

/** What Nova knows besides. */
const otherServerFilters = [
  'access_ip_v4',
  'access_ip_v6',
  'auto_disk_config',
  'availability_zone',
  'config_drive',
  'created_at',
  'description',
  'display_description',
  'display_name',
  'flavor',
  'host',
  'hostname',
  'image',
  'image_ref',
  'ip',
  'ip6',
  'kernel_id',
  'key_name',
  'launch_index',
  'launched_at',
  'locked',
  'locked_by',
  'node',
  'not-tags',
  'not-tags-any',
  'power_state',
  'progress',
  'ramdisk_id',
  'reservation_id',
  'root_device_name',
  'soft_deleted',
  'sort_dir',
  'sort_key',
  'tags',
  'tags-any',
  'task_state',
  'terminated_at',
  'user_id',
  'uuid',
  'vm_state',
]; // prettier-ignore

function listFlavors(call: Call): Page<Flavor> {
  const isPublic = call.query.get('is_public')?.toLowerCase();
  const wantsAll = call.isAdmin && isPublic === 'none';
  const wantsPrivate = call.isAdmin && ['false', '0', 'no', 'off', 'f', 'n'].includes(isPublic ?? '');
  const all = [...call.cloud.compute.flavors.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  const marker = markerOf(call, (id) => call.cloud.compute.flavors.get(id));
  const rest = marker ? all.slice(all.indexOf(marker) + 1) : all;
  return page(
    call,
    filter(rest, (flavor) => wantsAll || flavor.isPublic !== wantsPrivate),
  );
}

function* filter<T>(items: Iterable<T>, wanted: (item: T) => boolean): Generator<T> {
  for (const item of items) if (wanted(item)) yield item;
}

function findServer(call: Call): Server {
  const id = call.parameter('id');
  const server = call.cloud.compute.server(id);
  if (!server || !(call.isAdmin || server.projectId === call.project?.id)) {
    const isAction = call.request.url.includes('/action') && !call.cloud.compute.anyServer(id);
    const why = isAction ? 'has no mapping to a cell' : 'could not be found';
    throw new Refusal(404, `Instance ${id} ${why}.`);
  }
  return server;
}

const NewServer = z.object({
  name: z.string().min(1),
  flavorRef: z.string(),
  imageRef: z.string().default(''),
  metadata: z.record(z.string(), z.string()).default({}),
  key_name: z.string().nullable().default(null),
});

/** A server of no stack, on the network that all projects share. */
function createServer(call: Call): Server {
  const { compute, networking } = call.cloud;
  const {
    name,
    flavorRef,
    imageRef,
    metadata,
    key_name: keyName,
  } = parse(NewServer, call.body['server'], 'server');
  const flavor = compute.flavors.get(flavorRef);
  if (!flavor) throw new Refusal(400, `Flavor ${flavorRef} could not be found.`);
  return compute.createServer({
    name,
    projectId: call.project?.id ?? '',
    userId: call.token.user.id,
    flavor,
    imageId: imageRef,
    metadata,
    keyName,
    addresses: [networking.fixedAddress('private')],
  });
}

/** What the names of `POST /servers/{id}/action` come to. */
const verbs: Readonly<Record<string, ServerVerb>> = {
  'os-start': 'start',
  'os-stop': 'stop',
  pause: 'pause',
  unpause: 'unpause',
  suspend: 'suspend',
  resume: 'resume',
  confirmResize: 'confirmResize',
  revertResize: 'revertResize',
  shelve: 'shelve',
  unshelve: 'unshelve',
  forceDelete: 'delete',
};

function act(call: Call): void {
  const { compute } = call.cloud;
  const server = findServer(call);
  const [[action, argument] = ['', null]] = Object.entries(call.body);
  const [verb, flavor] = readAction(call, action, argument);
  // A server that is not on a host yet is not in a cell, where actions look for it.
  if (server.host === null) throw new Refusal(404, `Instance ${server.id} could not be found.`);
  try {
    if (verb === 'resetState') {
      if (!call.isAdmin) {
        throw new Refusal(
          403,
          "Policy doesn't allow os_compute_api:os-admin-actions:reset_state to be performed.",
        );
      }
      const { state } = parse(z.object({ state: z.enum(['active', 'error']) }), argument, action);
      compute.setServerState(server.id, { vmState: state });
    } else if (flavor) compute.resizeServer(server.id, flavor);
    else compute.act(server.id, verb);
  } catch (error) {
    if (error instanceof WrongServerState) throw new Refusal(409, error.message);
    throw error;
  }
  call.reply.code(verb === 'confirmResize' ? 204 : 202);
}

function readAction(call: Call, action: string, argument: unknown): [ServerVerb | 'resetState', Flavor?] {
  if (action === 'reboot') {
    const { type } = parse(
      z.object({ type: z.enum(['HARD', 'Hard', 'hard', 'SOFT', 'Soft', 'soft']) }),
      argument,
      action,
    );
    return [type.toUpperCase() === 'HARD' ? 'hardReboot' : 'reboot'];
  }
  if (action === 'resize') {
    const { flavorRef } = parse(z.object({ flavorRef: z.string() }), argument, action);
    const flavor = call.cloud.compute.flavors.get(flavorRef);
    if (!flavor) throw new Refusal(400, `Flavor ${flavorRef} could not be found.`);
    if (flavor === call.cloud.compute.server(call.parameter('id'))?.flavor) {
      throw new Refusal(400, 'When resizing, instances must change flavor!');
    }
    return ['resize', flavor];
  }
  if (action === 'os-resetState') return ['resetState'];
  const verb = verbs[action];
  if (verb) return [verb];
  if (otherActions.has(action)) throw notInSandbox(`do ${action}`);
  throw new Refusal(400, `There is no such action: ${action}`);
}

/** What Nova can do besides. */
const otherActions = new Set([
  'addFixedIp',
  'addFloatingIp',
  'addSecurityGroup',
  'changePassword',
  'createBackup',
  'createImage',
  'evacuate',
  'lock',
  'migrate',
  'os-getConsoleOutput',
  'os-getSerialConsole',
  'os-getVNCConsole',
  'os-migrateLive',
  'rebuild',
  'removeFixedIp',
  'removeFloatingIp',
  'removeSecurityGroup',
  'rescue',
  'restore',
  'shelveOffload',
  'trigger_crash_dump',
  'unlock',
  'unrescue',
]); // prettier-ignore

function parse<T>(schema: z.ZodType<T>, value: unknown, where: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const field = issue?.path.join('.') || where;
  throw new Refusal(400, `Invalid input for field/attribute ${field}. ${issue?.message ?? ''}`);
}

function wholeNumber(call: Call, name: string): number | undefined {
  const text = call.query.get(name);
  if (text === null) return undefined;
  if (/^\d*$/.test(text)) return Number(text);
  throw new Refusal(
    400,
    `Invalid input for query parameters ${name}. Value: ${text}. '${text}' does not match '^[0-9]*$'`,
  );
}

function flag(call: Call, name: string): boolean {
  return ['1', 't', 'true', 'on', 'y', 'yes'].includes(call.query.get(name)?.toLowerCase() ?? '');
}

function timeOf(call: Call, name: string): number | undefined {
  const text = call.query.get(name);
  if (text === null) return undefined;
  const time = parseUtc(text);
  if (time !== undefined) return time;
  throw new Refusal(
    400,
    `Invalid input for query parameters ${name}. Value: ${text}. '${text}' is not a 'date-time'`,
  );
}

function pattern(text: string | null): RegExp | undefined {
  return text === null ? undefined : new RegExp(text);
}

function markerOf<T>(call: Call, find: (id: string) => T | undefined): T | undefined {
  const id = call.query.get('marker');
  if (id === null) return undefined;
  const marker = find(id);
  if (!marker) throw new Refusal(400, `marker [${id}] not found`);
  return marker;
}

/** From `since` on a parameter that Nova does not know is an error; before, it is passed over. */
function refuseUnknown(call: Call, minor: number, since: number, known: readonly string[]): void {
  if (minor < since) return;
  for (const name of call.query.keys()) {
    if (known.includes(name) || name.startsWith('_')) continue;
    throw new Refusal(400, `'${name}' does not match any of the regexes: '^_'`);
  }
}

function flavorBody(flavor: Flavor, minor: number, base: string) {
  const { id, name, ram, disk, vcpus, isPublic } = flavor;
  return {
    id,
    name,
    ram,
    disk,
    swap: minor >= 75 ? 0 : '',
    'OS-FLV-EXT-DATA:ephemeral': 0,
    'OS-FLV-DISABLED:disabled': false,
    vcpus,
    'os-flavor-access:is_public': isPublic,
    rxtx_factor: 1,
    links: [
      { rel: 'self', href: `${base}/v2.1/flavors/${id}` },
      { rel: 'bookmark', href: `${base}/flavors/${id}` },
    ],
    ...(minor >= 55 ? { description: null } : {}),
    ...(minor >= 61 ? { extra_specs: {} } : {}),
  };
}

function groupBody(group: ServerGroup, minor: number) {
  const { id, name, policy, projectId, userId } = group;
  return {
    id,
    name,
    ...(minor >= 64 ? { policy, rules: {} } : { policies: [policy], metadata: {} }),
    members: [...group.members],
    ...(minor >= 13 ? { project_id: projectId, user_id: userId } : {}),
  };
}

function oldVersion(request: FastifyRequest) {
  return {
    id: 'v2.0',
    status: 'SUPPORTED',
    version: '',
    min_version: '',
    updated: '2011-01-21T11:33:21Z',
    links: [{ rel: 'self', href: `http://${request.host}/v2/` }],
  };
}

function version(request: FastifyRequest, newest: string) {
  return {
    id: 'v2.1',
    status: 'CURRENT',
    version: newest,
    min_version: '2.1',
    updated: '2013-07-23T11:33:21Z',
    links: [{ rel: 'self', href: `http://${request.host}/v2.1/` }],
  };
}

function versionDetail(request: FastifyRequest, newest: string) {
  const { links, ...rest } = version(request, newest);
  return {
    ...rest,
    links: [...links, { rel: 'describedby', type: 'text/html', href: 'http://docs.openstack.org/' }],
    'media-types': [{ base: 'application/json', type: 'application/vnd.openstack.compute+json;version=2.1' }],
  };
}
