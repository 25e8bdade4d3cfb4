import { ServiceError, type Severity } from '../runtime/severity.ts';

/**
 * - `not-found`: no such account, order or invoice, or none of this account
 * - `conflict`: not in the present state
 * - `invalid`: the platform does not take what it was given
 * - `unsupported`: there is no platform that can do this
 * - `unauthorized`: the platform refuses our credentials
 * - `failed`: everything else
 */
export type BillingErrorKind =
  | 'not-found'
  | 'conflict'
  | 'invalid'
  | 'unsupported'
  | 'unauthorized'
  | 'failed';

/** A request to the billing platform failed. */
export class BillingError extends ServiceError {
  override readonly name = 'BillingError';
  readonly kind: BillingErrorKind;

  constructor(
    kind: BillingErrorKind,
    message: string,
    options: { severity?: Severity; hint?: string | undefined } = {},
  ) {
    super(message, { severity: options.severity ?? 'terminal', hint: options.hint });
    this.kind = kind;
  }
}
