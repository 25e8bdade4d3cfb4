import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { createRequire } from 'node:module';
import type * as undici from 'undici';

const load = createRequire(import.meta.url);

/*
 * undici's pool by itself. Its index loads the rest of it as well (fetch, WebSocket, caches, mocks): a fifth of what this service
 * does before its first request, and nothing that it uses.
 */

/** undici's pools of connections, one an origin. */
export const Agent = load('undici/lib/dispatcher/agent.js') as typeof undici.Agent;
export type Agent = undici.Agent;

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
