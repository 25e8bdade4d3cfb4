import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { httpTime } from '../../runtime/clock.ts';
import type { Cloud } from '../cloud/cloud.ts';
import { Call } from './call.ts';
import type { Catalog } from './catalog.ts';
import type { Telemetry } from './gnocchi-telemetry.ts';
import { Refusal } from './refusal.ts';

/** What the services of one cloud share. */
export interface Site {
  readonly cloud: Cloud;
  readonly catalog: Catalog;
  readonly telemetry: Telemetry;
}

/** What one OpenStack service has of its own. */
export interface ServiceManners {
  /** Headers for the request id, which come with every answer. */
  readonly requestIdHeaders: readonly string[];
  /** How it words a refusal. */
  readonly refusalBody: (refusal: Refusal) => unknown;
  /** How it answers a path that it does not have. */
  readonly noSuchRoute: { readonly type: string; readonly body: string };
  /** What every answer of it has besides. Throws when the request cannot be served at all. */
  readonly headers?: (request: FastifyRequest) => Readonly<Record<string, string>>;
}

/** What WebOb says when there is no such route: Nova's and Heat's way. */
export const webObNotFound = {
  type: 'application/json',
  body: JSON.stringify({
    message: 'The resource could not be found.<br /><br />\n\n\n',
    code: '404 Not Found',
    title: 'Not Found',
  }),
};

/** Sets up what all routes of a service share: the cloud's time goes on, request ids, refusals in its form. */
export function addManners(app: FastifyInstance, cloud: Cloud, manners: ServiceManners): void {
  app.addHook('onRequest', async (request, reply) => {
    cloud.advance();
    reply.header('date', httpTime(cloud.timeline.now()));
    const requestId = cloud.requestIds.requestId();
    for (const header of manners.requestIdHeaders) reply.header(header, requestId);
    reply.headers(manners.headers?.(request) ?? {});
  });
  app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
    const refusal = error instanceof Refusal ? error : new Refusal(error.statusCode ?? 500, error.message);
    return reply
      .code(refusal.status)
      .headers(refusal.headers)
      .type('application/json')
      .send(JSON.stringify(manners.refusalBody(refusal)));
  });
  app.setNotFoundHandler((_request, reply) =>
    reply.code(404).type(manners.noSuchRoute.type).send(manners.noSuchRoute.body),
  );
}

/** An answer: its JSON text, or undefined for none. A route that wants more than status 200 sets it on `call.reply`. */
export type Answer = (call: Call) => string | undefined | Promise<string | undefined>;

/** A route for those with a good token only; anybody else gets the 401 of the check that stands before every service. */
export function withToken({ cloud, catalog }: Site, answer: Answer) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const text = request.headers['x-auth-token'];
    const token = typeof text === 'string' ? cloud.identity.token(text) : undefined;
    if (!token) throw unauthorized(catalog, request);
    const call = new Call(cloud, request, reply, token);
    await call.meetProject(token.project);
    const body = await answer(call);
    if (reply.sent) return reply;
    if (body === undefined) return reply.send();
    return reply.type('application/json').send(body);
  };
}

export function unauthorized(catalog: Catalog, request: FastifyRequest): Refusal {
  return new Refusal(401, 'The request you have made requires authentication.', {
    headers: { 'www-authenticate': `Keystone uri="${catalog.url('identity', request.hostname)}"` },
  });
}

/** `{"servers": […], "servers_links": […]}` from texts that are JSON already. */
export function listBody(
  name: string,
  items: readonly string[],
  more: Readonly<Record<string, unknown>>,
): string {
  const rest = Object.entries(more).map(([key, value]) => `,${JSON.stringify(key)}:${JSON.stringify(value)}`);
  return `{${JSON.stringify(name)}:[${items.join(',')}]${rest.join('')}}`;
}

/** The address of the next page: the same question with another marker. */
export function nextLink(call: Call, path: string, marker: string) {
  const query = new URLSearchParams(call.query);
  query.delete('marker');
  query.append('marker', marker);
  return { rel: 'next', href: `${call.base}${path}?${query.toString()}` };
}
