import { randomBytes } from 'node:crypto';
import { componentNames, observabilityPorts } from './components.ts';
import type { Config } from './config/config.ts';
import { parseBody } from './http/body.ts';
import { HttpClient, type HttpResponse } from './http/client.ts';
import { ConnectionError, TimeoutError } from './http/errors.ts';
import { Status } from './observability/status.ts';
import { challengeHeader, isProven, proofHeader, readProofSecret } from './observability/status-proof.ts';
import type { Secret } from './runtime/secret.ts';
import { ServiceError } from './runtime/severity.ts';

/** It may be anybody's. */
class UnprovenError extends ServiceError {
  constructor(url: string) {
    super(
      `${url} answers, and does not show that it is a process of this service. What it says is not believed.`,
      {
        severity: 'fatal',
        hint: 'Which program listens there: ss -ltnp. A process of an earlier version shows nothing either: restart it. Both must use one data_dir.',
      },
    );
  }
}

/** A process of this machine answers at once, s. */
export const statusTimeoutSeconds = 3;
const once = { tries: 1, baseMs: 0, maxMs: 0, longestRetryAfterMs: 0 };

/** Where the components of a machine report their status; all empty where there is no `observability.port`. */
export interface StatusPlaces {
  readonly usual: readonly string[];
  /** Of second processes of a component, if there are such: something else may answer there. */
  readonly standBy: readonly string[];
  /** By which they show that they are this service's; undefined: it cannot be checked. */
  readonly proof: Secret | undefined;
}

/** Those of this machine. */
export function statusPlaces({
  observability: { host, port },
  dataDir,
}: Pick<Config, 'observability' | 'dataDir'>): StatusPlaces {
  const proof = dataDir === undefined ? undefined : readProofSecret(dataDir);
  if (port === undefined) return { usual: [], standBy: [], proof };
  const reached = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '[::1]' : host;
  const ports = componentNames.map((name) => observabilityPorts(port, name));
  const url = (at: number) => `http://${reached}:${at}`;
  return {
    usual: ports.map(({ usual }) => url(usual)),
    standBy: ports.map(({ standBy }) => url(standBy)),
    proof,
  };
}

/**
 * What the processes there say of themselves; nothing of those that do not answer.
 *
 * @throws {ServiceError} something else answers where a component usually does
 */
export async function askStatuses(
  { usual, standBy, proof }: StatusPlaces,
  timeoutSeconds = statusTimeoutSeconds,
): Promise<Status[]> {
  const http = new HttpClient({ service: 'The component', timeoutMs: timeoutSeconds * 1_000, retry: once });
  try {
    const answers = await Promise.all([
      ...usual.map((url) => ask(http, url, proof)),
      ...standBy.map((url) => ask(http, url, proof).catch(() => undefined)),
    ]);
    return answers.filter((answer) => answer !== undefined);
  } finally {
    await http.close();
  }
}

/** undefined: nothing answers there, as for a component that does not run or runs with others. */
async function ask(http: HttpClient, url: string, proof: Secret | undefined): Promise<Status | undefined> {
  const route = '/status';
  const challenge = randomBytes(16).toString('hex');
  let response: HttpResponse;
  try {
    response = await http.request({
      method: 'GET',
      url: url.replace(/\/+$/, '') + route,
      route,
      headers: { [challengeHeader]: challenge },
    });
  } catch (error) {
    if (error instanceof ConnectionError || error instanceof TimeoutError) return undefined;
    throw error;
  }
  if (response.status === 200) {
    const answer = { challenge, port: portOf(url), text: response.text };
    if (proof && !isProven(proof, answer, response.headers[proofHeader])) throw new UnprovenError(url);
    return parseBody(response, Status);
  }
  throw new ServiceError(`${url} answered with ${response.status}, and so is no component of this service.`, {
    severity: 'fatal',
    hint: 'Set observability.port to a port that nothing else uses.',
  });
}

function portOf(url: string): number {
  const { port, protocol } = new URL(url);
  return port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port);
}
