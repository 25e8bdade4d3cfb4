import type { ReleaseRules } from './release-rules.ts';

/** An answer with which the portal refuses a request. */
export class Refusal extends Error {
  readonly status: number;
  readonly body: unknown;

  constructor(status: number, body: unknown) {
    super(`the sandbox's portal answers ${status}`);
    this.status = status;
    this.body = body;
  }
}

/** What may not be and what crashes, in the words of the release. */
export function inWordsOf({ namesExceptions }: ReleaseRules, refusal: Refusal): Refusal {
  if (!namesExceptions) return refusal;
  const { status } = refusal;
  if (status === 403) {
    const description = 'You are not authorized to access this page.';
    return new Refusal(403, { errors: [{ status: '403', title: 'Not Authorized', description }] });
  }
  if (status !== 500) return refusal;
  const title = 'StandardError';
  return new Refusal(500, { errors: [{ status: '500', title, description: 'it is not said' }] });
}

export function unauthorized(error: string): Refusal {
  return new Refusal(401, { error });
}

export function forbidden(action: 'create' | 'show' | 'update' | 'destroy', name: string): Refusal {
  const detail = `Requires ability to ${action} ${name}`;
  return new Refusal(403, { errors: [{ status: '403', title: 'Not Authorized', detail }] });
}

/** A body that is not JSON. */
export function malformed(): Refusal {
  return new Refusal(400, { status: 400, error: 'Bad Request' });
}

export function missing(parameter: string): Refusal {
  return new Refusal(400, { status: 400, error: `param is missing or the value is empty: ${parameter}` });
}

export function noSuchRecord(): Refusal {
  return new Refusal(404, { errors: { record: ['Not found'] } });
}

export function noSuchRoute(): Refusal {
  return new Refusal(404, { status: 404, error: 'Not Found' });
}

/** What the portal does not rescue: a column that does not exist or may not be null, a text that does not fit. */
export function crash(): Refusal {
  return new Refusal(500, { status: 500, error: 'Internal Server Error' });
}
