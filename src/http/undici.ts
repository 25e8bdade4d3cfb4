import type * as undici from 'undici';
/*
 * undici's pool and its request by themselves. Its index loads the rest of it as well (fetch, WebSocket, caches, mocks):
 * a fifth of what this service does before its first request, and nothing that it uses.
 */
import send from 'undici/lib/api/api-request.js';
import Pools from 'undici/lib/dispatcher/agent.js';

/** undici's pools of connections, one an origin. */
export const Agent: typeof undici.Agent = Pools;
export type Agent = undici.Agent;

/** undici's request, over a given agent. */
export function request(
  url: string,
  options: { readonly dispatcher: Agent } & Omit<undici.Dispatcher.RequestOptions, 'path' | 'origin'>,
): Promise<undici.Dispatcher.ResponseData> {
  const { dispatcher, ...rest } = options;
  const { origin, pathname, search } = new URL(url);
  return send.call(dispatcher, { ...rest, origin, path: `${pathname}${search}` });
}
