import { componentNames, observabilityPort } from './components.ts';
import type { Config } from './config/config.ts';
import { parseBody } from './http/body.ts';
import { HttpClient, type HttpResponse } from './http/client.ts';
import { ConnectionError, TimeoutError } from './http/errors.ts';
import { Status } from './observability/status.ts';
import { ServiceError } from './runtime/severity.ts';

const askMs = 3_000;
const once = { tries: 1, baseMs: 0, maxMs: 0, longestRetryAfterMs: 0 };

/** Where the components of this machine tell how they fare; none where there is no `observability.port`. */
export function statusUrls({ host, port }: Config['observability']): string[] {
  if (port === undefined) return [];
  const reached = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '[::1]' : host;
  return componentNames.map((name) => `http://${reached}:${observabilityPort(port, name)}`);
}

/**
 * What the processes there say of themselves; nothing of those that do not answer.
 *
 * @throws {ServiceError} something else answers there
 */
export async function askStatuses(urls: readonly string[]): Promise<Status[]> {
  const http = new HttpClient({ service: 'The component', timeoutMs: askMs, retry: once });
  try {
    const answers = await Promise.all(urls.map((url) => ask(http, url)));
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
