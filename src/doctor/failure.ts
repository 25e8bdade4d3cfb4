import { ServiceError } from '../runtime/severity.ts';
import { error, type Finding } from './finding.ts';

/** What an error says, as a finding. What it advises comes first, then what there is to set or to do anyway. */
export function failure(check: string, cause: unknown, words: { why: string; repair: string }): Finding {
  const found = cause instanceof Error ? cause.message : String(cause);
  const hint = cause instanceof ServiceError ? cause.hint : undefined;
  return error(check, {
    found,
    why: words.why,
    repair: [hint, words.repair].filter((text) => text !== undefined).join(' '),
  });
}
