import { setImmediate as nextTurn } from 'node:timers/promises';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../../runtime/clock.ts';
import type { Faults } from '../faults.ts';
import { HttpService } from '../http-service.ts';
import { asInteger, isObject, type Scalar, scalar } from './attributes.ts';
import { deviceListJson } from './device-json.ts';
import {
  createNode,
  deleteDevice,
  deviceAttributes,
  showDevice,
  updateDevice,
  visibleDevices,
} from './devices.ts';
import { type Parameters, readParameters, rootObject } from './parameters.ts';
import type { Portal, UserRow } from './portal.ts';
import {
  createRack,
  deleteRack,
  rackAttributes,
  rackJson,
  rackWithDevicesJson,
  updateRack,
  visibleRacks,
} from './racks.ts';
import { missing, noSuchRecord, noSuchRoute, Refusal, unauthorized } from './refusal.ts';
import type { Table } from './table.ts';
import {
  createTemplate,
  deleteTemplate,
  templateAttributes,
  templateBody,
  updateTemplate,
} from './templates.ts';
import { signToken, verifyToken } from './tokens.ts';
import { signInBody, updateUser, userAttributes, userJson, visibleUsers } from './users.ts';

export interface PortalServiceOptions {
  readonly portal: Portal;
  readonly faults: Faults;
  /** Default 0: any free one. */
  readonly port?: number;
  readonly latencyMs?: number;
  /**
   * Between the validation of a creation and its insertion: creations at the same time do not see each other, for the
   * portal's database has no unique indexes. Default: the next turn of the event loop.
   */
  readonly insertionMs?: number;
  readonly clock?: Clock;
}

const json = 'application/json; charset=utf-8';
const html = 'text/html; charset=utf-8';
const notSignedIn = 'You need to sign in or sign up before continuing.';

/** Serves a portal over HTTP, for faults by the name `concertim`. */
export async function startPortal(options: PortalServiceOptions): Promise<HttpService> {
  const { portal, insertionMs, clock = portal.clock, ...service } = options;
  const beforeInsertion = () => (insertionMs ? clock.sleep(insertionMs) : nextTurn());
  return HttpService.start({
    ...service,
    clock,
    name: 'concertim',
    routes: (app) => addRoutes(app, portal, beforeInsertion),
  });
}

function addRoutes(app: FastifyInstance, portal: Portal, beforeInsertion: () => Promise<unknown>): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));
  app.setNotFoundHandler((_request, reply) => refuse(reply, noSuchRoute()));
  app.setErrorHandler((error, _request, reply) => {
    if (error instanceof Refusal) return refuse(reply, error);
    throw error;
  });

  const signedIn =
    (answer: (call: Call) => string | Promise<string>) =>
    async (request: FastifyRequest, reply: FastifyReply) => {
      const caller = authenticate(portal, request);
      if (caller instanceof Refusal) return refuseVisitor(request, reply, caller);
      const text = await answer(new Call(request, caller));
      return reply.code(200).type(json).send(text);
    };
  const change = (url: string, answer: (call: Call) => string) =>
    app.route({ method: ['PATCH', 'PUT'], url, handler: signedIn(answer) });

  for (const path of ['/users/sign_in', '/users/sign_in.json']) {
    app.post(path, (request, reply) => signIn(portal, request, reply));
  }

  app.get(
    '/api/v1/users',
    signedIn(({ caller }) => list(visibleUsers(portal, caller), userJson)),
  );
  app.get(
    '/api/v1/users/current',
    signedIn(({ caller }) => userJson(caller)),
  );
  change('/api/v1/users/:id', (call) =>
    updateUser(portal, call.caller, call.find(portal.users), call.root('user', userAttributes)),
  );

  app.get(
    '/api/v1/templates',
    signedIn(() => {
      const rackable = portal.templates.all().filter((template) => template.rackable);
      return list(rackable, (template) => JSON.stringify(templateBody(template)));
    }),
  );
  app.post(
    '/api/v1/templates',
    signedIn((call) => {
      const template = createTemplate(portal, call.caller, call.root('template', templateAttributes));
      return JSON.stringify(templateBody(template));
    }),
  );
  change('/api/v1/templates/:id', (call) => {
    const template = call.find(portal.templates);
    const attributes = call.root('template', templateAttributes);
    return JSON.stringify(templateBody(updateTemplate(portal, call.caller, template, attributes)));
  });
  app.delete(
    '/api/v1/templates/:id',
    signedIn((call) => {
      deleteTemplate(portal, call.caller, call.find(portal.templates), call.recurse);
      return '{}';
    }),
  );

  app.get(
    '/api/v1/racks',
    signedIn(({ caller }) => list(visibleRacks(portal, caller), (rack) => rackJson(portal, rack, caller))),
  );
  app.get(
    '/api/v1/racks/:id',
    signedIn((call) => rackWithDevicesJson(portal, call.find(portal.racks), call.caller)),
  );
  app.post(
    '/api/v1/racks',
    signedIn(async (call) => {
      const insert = createRack(portal, call.caller, call.root('rack', rackAttributes, true));
      await beforeInsertion();
      return insert();
    }),
  );
  change('/api/v1/racks/:id', (call) =>
    updateRack(portal, call.caller, call.find(portal.racks), call.root('rack', rackAttributes, true)),
  );
  app.delete(
    '/api/v1/racks/:id',
    signedIn((call) => {
      deleteRack(portal, call.caller, call.find(portal.racks), call.recurse);
      return '{}';
    }),
  );

  app.get(
    '/api/v1/devices',
    signedIn(({ caller }) => list(visibleDevices(portal, caller), deviceListJson)),
  );
  app.get(
    '/api/v1/devices/:id',
    signedIn((call) => showDevice(portal, call.caller, call.find(portal.devices))),
  );
  app.post(
    '/api/v1/nodes',
    signedIn(async (call) => {
      const templateId = scalar(call.parameters.all, 'template_id');
      if (templateId === undefined || templateId === null || templateId === '') throw missing('template_id');
      const attributes = call.root('device', []);
      const template = portal.templates.get(asInteger(templateId) ?? 0);
      if (!template) throw noSuchRecord();
      const insert = createNode(portal, call.caller, template, attributes);
      await beforeInsertion();
      return insert();
    }),
  );
  change('/api/v1/devices/:id', (call) =>
    updateDevice(portal, call.caller, call.find(portal.devices), call.root('device', deviceAttributes)),
  );
  app.delete(
    '/api/v1/devices/:id',
    signedIn((call) => {
      deleteDevice(portal, call.caller, call.find(portal.devices));
      return '{}';
    }),
  );
}

/** One request of somebody who is signed in. */
class Call {
  readonly caller: UserRow;
  readonly #request: FastifyRequest;

  constructor(request: FastifyRequest, caller: UserRow) {
    this.#request = request;
    this.caller = caller;
  }

  get parameters(): Parameters {
    const { headers, body } = this.#request;
    return readParameters(headers['content-type'], typeof body === 'string' ? body : '');
  }

  get recurse(): boolean {
    return (this.#request.query as { recurse?: string }).recurse === 'true';
  }

  /** The row that the path names; an id that is no number names none. */
  find<Row extends { readonly id: number }>(table: Table<Row>): Row {
    const { id } = this.#request.params as { id: Scalar };
    const row = table.get(asInteger(id) ?? 0);
    if (!row) throw noSuchRecord();
    return row;
  }

  root(key: string, flat: readonly string[], mayBeEmpty = false) {
    return rootObject(this.parameters, key, { flat, mayBeEmpty });
  }
}

function list<Row>(rows: readonly Row[], toJson: (row: Row) => string): string {
  return `[${rows.map(toJson).join(',')}]`;
}

function refuse(reply: FastifyReply, { status, body }: Refusal): FastifyReply {
  return reply.code(status).type(json).send(JSON.stringify(body));
}

/** Whoever does not ask for JSON is taken for a person and sent to the page for signing in. */
function refuseVisitor(request: FastifyRequest, reply: FastifyReply, refusal: Refusal): FastifyReply {
  if (wantsJson(request)) return refuse(reply, refusal);
  return redirect(reply, 302, `${request.protocol}://${request.host}/users/sign_in`);
}

function redirect(reply: FastifyReply, status: 302 | 303, location: string): FastifyReply {
  const page = `<html><body>You are being <a href="${location}">redirected</a>.</body></html>`;
  return reply.code(status).header('location', location).type(html).send(page);
}

function wantsJson({ headers }: FastifyRequest): boolean {
  return headers.accept?.includes('application/json') ?? false;
}

function authenticate(portal: Portal, { headers }: FastifyRequest): UserRow | Refusal {
  const token = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1];
  if (token === undefined) return unauthorized(notSignedIn);
  try {
    const user = portal.users.get(verifyToken(token, portal.secret, portal.clock.now()));
    return user ?? unauthorized('nil user');
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

/**
 * Signs in; a token comes only with the path that ends in `.json`. The portal's own takes up to a second for its password
 * hash, this one compares.
 */
function signIn(portal: Portal, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const body = typeof request.body === 'string' ? request.body : '';
  const { all } = readParameters(request.headers['content-type'], body);
  const { login, password } = isObject(all['user']) ? all['user'] : {};
  if (!login || !password) return refuse(reply, unauthorized(notSignedIn));
  const user = portal.users.all().find((user) => user.login === login && user.password === password);
  if (!user) return refuse(reply, unauthorized('Invalid Login or password.'));
  const isJsonPath = request.url.split('?')[0]?.endsWith('.json');
  if (!isJsonPath && !wantsJson(request)) {
    return redirect(reply, 303, `${request.protocol}://${request.host}/`);
  }
  if (isJsonPath) reply.header('authorization', `Bearer ${newToken(portal, user)}`);
  return reply
    .code(201)
    .header('location', '/')
    .type(json)
    .send(JSON.stringify(signInBody(user)));
}

function newToken(portal: Portal, user: UserRow): string {
  const iat = Math.floor(portal.clock.now() / 1000);
  const exp = String(iat + Math.floor(portal.tokenLifetimeMs / 1000));
  return signToken({ sub: String(user.id), scp: 'user', iat, exp, jti: portal.uuid() }, portal.secret);
}
