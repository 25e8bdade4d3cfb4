import type { HttpResponse } from '../http/client.ts';
import { isTransientStatus } from '../http/retry.ts';
import { ServiceError, type Severity } from '../runtime/severity.ts';
import { ErrorBody, type Problem } from './wire/error-body.ts';

/**
 * - `unauthorized` (401): no token that it takes, also after a new sign-in
 * - `forbidden` (403)
 * - `bad-request` (400)
 * - `not-found` (404): no such object, or no such route
 * - `invalid` (422): attributes are wrong; `problems` says which. It does not mean that the object exists: see `isTaken`
 * - `refused` (422): not as things are, such as the deletion of a rack that is not empty
 * - `failed`: everything else, 5xx above all
 */
export type ConcertimErrorKind =
  | 'unauthorized'
  | 'forbidden'
  | 'bad-request'
  | 'not-found'
  | 'invalid'
  | 'refused'
  | 'failed';

/** The portal answered with an error, or with something else than expected. */
export class ConcertimError extends ServiceError {
  override readonly name = 'ConcertimError';
  readonly method: string;
  readonly url: string;
  readonly status: number;
  readonly kind: ConcertimErrorKind;
  readonly problems: readonly Problem[];

  /** `what` is what was tried, in a person's words; default: method and address. */
  constructor(
    response: HttpResponse,
    options: { what?: string; severity?: Severity; hint?: string | undefined } = {},
  ) {
    const body = readErrorBody(response.text);
    super(message(options.what ?? `${response.method} ${response.url}`, response, body), {
      severity: options.severity ?? severityOfAnswer(response),
      hint: options.hint ?? hintFor(response, body),
    });
    this.method = response.method;
    this.url = response.url;
    this.status = response.status;
    this.kind = kindOf(response.status, body);
    this.problems = body.problems;
  }
}

/** Whether the portal refused because another object has the name (or the project, …) already. */
export function isTaken(error: unknown): boolean {
  return (
    error instanceof ConcertimError &&
    error.problems.some(({ problem }) => problem === 'has already been taken' || problem === 'taken')
  );
}

/** Whether the answer says that there is no such object; another 404 is that of a wrong address or of a proxy. */
export function saysNoSuchRecord(response: HttpResponse): boolean {
  return response.status === 404 && namesRecord(readErrorBody(response.text).problems);
}

/** Whether that is what the portal answered. */
export function isNoSuchRecord(error: unknown): boolean {
  return error instanceof ConcertimError && error.status === 404 && namesRecord(error.problems);
}

function namesRecord(problems: readonly Problem[]): boolean {
  return problems.some(({ field }) => field === 'record');
}

function readErrorBody(text: string): ErrorBody {
  try {
    return ErrorBody.parse(JSON.parse(text));
  } catch {
    return { text: undefined, problems: [] };
  }
}

function kindOf(status: number, body: ErrorBody): ConcertimErrorKind {
  if (status === 401) return 'unauthorized';
  if (status === 403) return 'forbidden';
  if (status === 400) return 'bad-request';
  if (status === 404) return 'not-found';
  if (status === 422) return body.text === undefined ? 'invalid' : 'refused';
  return 'failed';
}

/** A 401 that outlives a new sign-in is transient: the portal is changing its secret, or its clock is ahead. */
function severityOfAnswer(response: HttpResponse): Severity {
  if (httpsOrigin(response) !== undefined) return 'fatal';
  return response.status === 401 || isTransientStatus(response.status) ? 'transient' : 'terminal';
}

function message(what: string, response: HttpResponse, body: ErrorBody): string {
  const said = body.text ?? body.problems.map(({ field, problem }) => `${field} ${problem}`).join(', ');
  const told = said === '' ? '' : `: ${said.replace(/\.$/, '')}`;
  return `Concertim ${verb(response.status)} ${what} (${response.status})${told}.`;
}

function verb(status: number): string {
  if (status < 400) return 'redirected';
  return status < 500 ? 'refused' : 'failed on';
}

function hintFor(response: HttpResponse, body: ErrorBody): string | undefined {
  const { status } = response;
  if (status >= 300 && status < 400) return redirectHint(response);
  if (status === 404 && !namesRecord(body.problems)) {
    return 'It knows no such address: is concertim_url that of the portal?';
  }
  if (body.problems.some(({ field }) => field === 'cluster_type')) {
    return 'The stack names no type of cluster that the portal knows: set concertim.default_cluster_type to one that it has.';
  }
  if (status === 422 && body.text === undefined && body.problems.length === 0) {
    return 'It gives no reason, which means that the rack itself is invalid: probably two racks of one owner have the same name. Rename one of them.';
  }
  return undefined;
}

function redirectHint(response: HttpResponse): string {
  const origin = httpsOrigin(response);
  if (origin !== undefined) return `It is reached by TLS only: give concertim_url as ${origin}.`;
  return 'It sends to a page for people: is concertim_url the address of the portal, without anything behind it?';
}

/** Where a redirect from http to https leads. */
function httpsOrigin({ status, url, headers: { location } }: HttpResponse): string | undefined {
  if (status < 300 || status >= 400 || location === undefined || !URL.canParse(location)) return undefined;
  const { protocol, origin } = new URL(location);
  return protocol === 'https:' && url.startsWith('http:') ? origin : undefined;
}
