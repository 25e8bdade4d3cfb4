import { ServiceError } from '../runtime/severity.ts';
import { error, type Finding } from './finding.ts';

/** What an error says, as a finding; `repair` stands in where the error has no hint of its own. */
export function failure(check: string, cause: unknown, words: { why: string; repair: string }): Finding {
  const found = cause instanceof Error ? cause.message : String(cause);
  const hint = cause instanceof ServiceError ? cause.hint : undefined;
  return error(check, { found, why: words.why, repair: hint ?? words.repair });
}
