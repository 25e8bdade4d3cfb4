import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { createRequire } from 'node:module';
import type * as undici from 'undici';

const load = createRequire(import.meta.url);

/*
 * undici's pool and its request by themselves. Its index loads the rest of it as well (fetch, WebSocket, caches, mocks):
 * a fifth of what this service does before its first request, and nothing that it uses.
 */
const api = load('undici/lib/api/index.js') as { request: (options: object) => unknown };

/** undici's pools of connections, one an origin. */
export const Agent = load('undici/lib/dispatcher/agent.js') as typeof undici.Agent;
export type Agent = undici.Agent;

/** undici's request, over a given agent. */
export function request(
  url: string,
  options: { readonly dispatcher: Agent } & Omit<undici.Dispatcher.RequestOptions, 'path' | 'origin'>,
): Promise<undici.Dispatcher.ResponseData> {
  const { dispatcher, ...rest } = options;
  const { origin, pathname, search } = new URL(url);
  const answer = api.request.call(dispatcher, { ...rest, origin, path: `${pathname}${search}` });
  return answer as Promise<undici.Dispatcher.ResponseData>;
}

/** Resolves when a request of this process is next written to its connection. */
export function nextRequestWritten(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const onWrite = () => {
    unsubscribe('undici:client:sendHeaders', onWrite);
    resolve();
  };
  subscribe('undici:client:sendHeaders', onWrite);
  return promise;
}
