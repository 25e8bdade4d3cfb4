import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Flavor, Server, ServerGroup } from '../cloud/compute.ts';
import type { Call } from './call.ts';
import { computeServices, listedServer, reachable, shownServer } from './down-cell.ts';
import { negotiate } from './microversion.ts';
import {
  filter,
  markerOf,
  maxLimit,
  type Page,
  page,
  parse,
  refuseUnknown,
  wholeNumber,
} from './nova-query.ts';
import { Refusal } from './refusal.ts';
import { act } from './server-action.ts';
import { type ServerView, serverLinks, updatedServerBody } from './server-body.ts';
import { listServers } from './server-list.ts';
import { type Answer, addManners, listBody, type Site, webObNotFound, withToken } from './service.ts';

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
    const bodies = page.items.map((server) => listedServer(call, server, view));
    return listBody('servers', bodies, page.links('servers', '/v2.1/servers/detail'));
  });
  route('GET', '/servers', async (call) => {
    const view = viewOf(call);
    const page = await listServers(call, view);
    const bodies = page.items.map((server) =>
      call.cloud.compute.isUnreachable(server)
        ? listedServer(call, server, view)
        : JSON.stringify({ id: server.id, name: server.name, links: serverLinks(server.id, view.base) }),
    );
    return listBody('servers', bodies, page.links('servers', '/v2.1/servers'));
  });
  route('GET', '/servers/:id', async (call) => {
    const view = viewOf(call);
    const server = findServer(call);
    await call.meet(server.namedFault);
    return JSON.stringify({ server: await shownServer(call, server, view) });
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
    const server = reachable(call, findServer(call));
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
    compute.deleteServer(reachable(call, findServer(call)).id);
    call.reply.code(204);
    return undefined;
  });
  route('POST', '/servers/:id/action', (call) => {
    viewOf(call);
    act(call, reachable(call, findServer(call)));
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

  route('GET', '/os-services', async (call) => {
    const { minor } = viewOf(call);
    refuseUnknown(call, minor, 75, ['host', 'binary']);
    if (!call.isAdmin) {
      throw new Refusal(403, "Policy doesn't allow os_compute_api:os-services:list to be performed.");
    }
    const { query } = call;
    const services = (await computeServices(call, minor)).filter(
      ({ host, binary }) =>
        (query.get('host') ?? host) === host && (query.get('binary') ?? binary) === binary,
    );
    return JSON.stringify({ services });
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
