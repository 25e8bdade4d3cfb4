import type { HttpResponse } from '../http/client.ts';
import type { ExchangeFacts } from '../http/errors.ts';
import { isTransientStatus } from '../http/retry.ts';
import { ServiceError, type Severity } from '../runtime/severity.ts';
import { ErrorBody, NotFoundBody } from './wire/error.ts';

/** An OpenStack service answered, and the answer is a refusal. */
export class OpenStackError extends ServiceError {
  override readonly name = 'OpenStackError';
  /** The service's code name, such as `Nova`. */
  readonly service: string;
  readonly method: string;
  readonly url: string;
  readonly status: number;
  /** By which the service's own log knows the exchange. */
  readonly requestId: string | undefined;
  /** The service's own message, one line; empty when it gave none. */
  readonly upstream: string;

  constructor(
    message: string,
    options: ExchangeFacts & {
      status: number;
      requestId: string | undefined;
      upstream: string;
      severity: Severity;
      hint?: string | undefined;
    },
  ) {
    super(message, { severity: options.severity, hint: options.hint });
    this.service = options.service;
    this.method = options.method;
    this.url = options.url;
    this.status = options.status;
    this.requestId = options.requestId;
    this.upstream = options.upstream;
  }
}

/** What the caller knows better than the status tells. */
export interface Interpretation {
  readonly message?: string;
  readonly severity?: Severity;
  readonly hint?: string | undefined;
}

/** The error that an answer means, whichever service gave it. */
export function openStackError(response: HttpResponse, known: Interpretation = {}): OpenStackError {
  const { service, method, url, status } = response;
  const requestId = requestIdOf(response);
  const upstream = upstreamMessage(response);
  const said = upstream === '' || upstream === String(status) ? '.' : `: ${upstream}`;
  return new OpenStackError(known.message ?? `${service} answered ${method} ${url} with ${status}${said}`, {
    service,
    method,
    url,
    status,
    requestId,
    upstream,
    severity: known.severity ?? severityOfStatus(status),
    hint: known.hint ?? hintFor(response, requestId),
  });
}

/**
 * Passes when a 404 is the service's own word about the object. A 404 of a proxy, or for a route that is not there,
 * must never look like a deletion.
 *
 * @throws {OpenStackError}
 */
export function assertNotFound(response: HttpResponse): void {
  if (NotFoundBody.safeParse(jsonOf(response.text)).success) return;
  throw openStackError(response, {
    severity: 'transient',
    hint: `This 404 is not about the object itself: is the ${response.service} endpoint in the catalog right, and what answers there?`,
  });
}

/** A 401 that a new token did not heal is the service's trouble with Keystone, hence transient. */
function severityOfStatus(status: number): Severity {
  return isTransientStatus(status) || status === 401 ? 'transient' : 'terminal';
}

function hintFor(
  { service, status, headers }: HttpResponse,
  requestId: string | undefined,
): string | undefined {
  if (status === 401)
    return `${service} refuses a token that Keystone has just issued: check its [keystone_authtoken].`;
  if (status === 403)
    return `${service}'s policy does not allow it: the user may need the role admin in its project.`;
  if (status >= 300 && status < 400)
    return `It points to ${headers['location'] ?? 'nowhere'}: is the endpoint in the catalog right?`;
  if (status >= 500 && requestId !== undefined) return `${service}'s log tells more about ${requestId}.`;
  return undefined;
}

function requestIdOf({ headers }: HttpResponse): string | undefined {
  return headers['x-openstack-request-id'] ?? headers['x-compute-request-id'];
}

const longestMessage = 300;

/** The first line of what the service says: Keystone adds its whole schema below, proxies answer in HTML. */
function upstreamMessage({ text }: HttpResponse): string {
  const parsed = ErrorBody.safeParse(jsonOf(text));
  const message = parsed.success ? parsed.data : (/<(?:title|h1)[^>]*>([^<]*)</i.exec(text)?.[1] ?? '');
  const line =
    message
      .replace(/<[^>]*>/g, ' ')
      .trim()
      .split('\n')[0]
      ?.trim() ?? '';
  return line.length > longestMessage ? `${line.slice(0, longestMessage)}…` : line;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
