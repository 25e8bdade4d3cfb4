import type { ReleaseRules } from './release-rules.ts';

/** An answer with which the portal refuses a request. */
export class Refusal extends Error {
  readonly status: number;
  readonly body: unknown;
  /** What releases that name exceptions answer in its place. */
  readonly named: Refusal | undefined;

  constructor(status: number, body: unknown, named?: Refusal) {
    super(`the sandbox's portal answers ${status}`);
    this.status = status;
    this.body = body;
    this.named = named;
  }
}

/** A refusal for lack of rights, or a crash, in the words of the release. */
export function inWordsOf({ namesExceptions }: ReleaseRules, refusal: Refusal): Refusal {
  return namesExceptions ? (refusal.named ?? refusal) : refusal;
}

/** A refusal of a whole request, in the form that later releases use. */
export function titled(status: number, title: string, description: string): Refusal {
  return new Refusal(status, { errors: [{ status: `${status}`, title, description }] });
}

export function unauthorized(error: string): Refusal {
  return new Refusal(401, { error });
}

export function forbidden(action: 'create' | 'show' | 'update' | 'destroy', name: string): Refusal {
  const detail = `Requires ability to ${action} ${name}`;
  const title = 'Not Authorized';
  const named = titled(403, title, 'You are not authorized to access this page.');
  return new Refusal(403, { errors: [{ status: '403', title, detail }] }, named);
}

/** A body that is not JSON, at the sign-in. */
export function malformed(): Refusal {
  return new Refusal(400, { status: 400, error: 'Bad Request' });
}

/** A body that is not JSON, of somebody who is signed in. */
export function unparsable(): Refusal {
  const { status, body } = malformed();
  const title = 'ActionDispatch::Http::Parameters::ParseError';
  return new Refusal(status, body, titled(500, title, 'Error occurred while parsing request parameters'));
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
  const named = titled(500, 'StandardError', 'it is not said');
  return new Refusal(500, { status: 500, error: 'Internal Server Error' }, named);
}
