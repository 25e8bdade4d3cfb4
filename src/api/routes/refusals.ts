import { ErrorBody } from '../wire/error-body.ts';

const reasons = {
  400: 'Something is missing or wrong: the message names each field.',
  401: 'The bearer token is missing or not good, or Keystone refuses the credentials.',
  403: 'The cloud does not allow it, or `auth_url` is not one that may be used.',
  404: 'There is no such thing in the cloud.',
  409: 'Not in its present state, or the name is taken.',
  413: 'The body is larger than 64 KiB.',
  415: 'The body is not JSON.',
  424: 'A role or user is missing in Keystone: the message names it and the command that makes it.',
  429: 'Too many logins have failed: `Retry-After` says how long to wait.',
  501: 'There is no billing platform.',
  502: 'The cloud cannot be reached or failed: the message names service and address.',
  504: 'The cloud did not answer in time; it may still carry out the request.',
} as const;

type Status = keyof typeof reasons;
const common: readonly Status[] = [400, 401, 403, 413, 415, 429, 502, 504];

/** How a route that asks something of the cloud may answer besides. */
export function refusals(...special: Status[]): Partial<Record<Status, typeof ErrorBody>> {
  return Object.fromEntries(
    [...common, ...special].map((status) => [status, ErrorBody.describe(reasons[status])]),
  );
}
