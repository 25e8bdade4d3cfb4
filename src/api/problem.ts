import { STATUS_CODES } from 'node:http';
import { BillingError, type BillingErrorKind } from '../billing/errors.ts';
import { OperationError, type OperationErrorKind, operationError } from '../operations/operation-error.ts';
import type { ErrorBody } from './wire/error-body.ts';

/** A request that is answered with an error. The message is shown to a portal user. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}

const statuses: Readonly<Record<OperationErrorKind, number>> = {
  invalid: 400,
  unauthorized: 401,
  forbidden: 403,
  'not-found': 404,
  conflict: 409,
  'prerequisite-missing': 424,
  'too-many-requests': 429,
  'cloud-failed': 502,
  'cloud-slow': 504,
};

const ofBilling: Readonly<Record<BillingErrorKind, number>> = {
  'not-found': 404,
  conflict: 409,
  invalid: 400,
  unsupported: 501,
  unauthorized: 502,
  failed: 502,
};

/** undefined for a defect of ours: whatever its message holds is not for others. */
export function problemOf(error: unknown): Problem | undefined {
  if (error instanceof Problem) return error;
  const meant = operationError(error, []);
  if (meant instanceof OperationError) {
    const { kind, message, retryAfterS } = meant;
    return new Problem(statuses[kind], message, retryAfterS ? { 'retry-after': String(retryAfterS) } : {});
  }
  if (error instanceof BillingError) return new Problem(ofBilling[error.kind], error.message);
  return undefined;
}

/** What fits the one line that the portal has for it, and the cookie in which it keeps it. */
const longestMessage = 300;

export function errorBody(status: number, message: string, requestId: string): ErrorBody {
  return {
    error: STATUS_CODES[status] ?? 'Error',
    message: message.length > longestMessage ? `${message.slice(0, longestMessage - 1)}…` : message,
    request_id: requestId,
  };
}
