import { componentNames, observabilityPorts } from './components.ts';
import type { Config } from './config/config.ts';
import { parseBody } from './http/body.ts';
import { HttpClient, type HttpResponse } from './http/client.ts';
import { ConnectionError, TimeoutError } from './http/errors.ts';
import { Status } from './observability/status.ts';
import { ServiceError } from './runtime/severity.ts';

const askMs = 3_000;
const once = { tries: 1, baseMs: 0, maxMs: 0, longestRetryAfterMs: 0 };

/** Where the components of a machine tell how they fare; all empty where there is no `observability.port`. */
export interface StatusPlaces {
  readonly usual: readonly string[];
  /** Of second processes of a component, if there are such: something else may answer there. */
  readonly standBy: readonly string[];
}

/** Those of this machine. */
export function statusPlaces({ host, port }: Config['observability']): StatusPlaces {
  if (port === undefined) return { usual: [], standBy: [] };
  const reached = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '[::1]' : host;
  const ports = componentNames.map((name) => observabilityPorts(port, name));
  const url = (at: number) => `http://${reached}:${at}`;
  return { usual: ports.map(({ usual }) => url(usual)), standBy: ports.map(({ standBy }) => url(standBy)) };
}

/**
 * What the processes there say of themselves; nothing of those that do not answer.
 *
 * @throws {ServiceError} something else answers where a component usually does
 */
export async function askStatuses({ usual, standBy }: StatusPlaces): Promise<Status[]> {
  const http = new HttpClient({ service: 'The component', timeoutMs: askMs, retry: once });
  try {
    const answers = await Promise.all([
      ...usual.map((url) => ask(http, url)),
      ...standBy.map((url) => ask(http, url).catch(() => undefined)),
    ]);
    return answers.filter((answer) => answer !== undefined);
  } finally {
    await http.close();
  }
}

/** undefined: nothing answers there, as for a component that does not run or runs with others. */
async function ask(http: HttpClient, url: string): Promise<Status | undefined> {
  const route = '/status';
  let response: HttpResponse;
  try {
    response = await http.request({ method: 'GET', url: url.replace(/\/+$/, '') + route, route });
  } catch (error) {
    if (error instanceof ConnectionError || error instanceof TimeoutError) return undefined;
    throw error;
  }
  if (response.status === 200) return parseBody(response, Status);
  throw new ServiceError(`${url} answered with ${response.status}, and so is no component of this service.`, {
    severity: 'fatal',
    hint: 'Set observability.port to a port that nothing else uses.',
  });
}
