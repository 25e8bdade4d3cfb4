import type { FaultKind } from './faults.ts';

/** The faults that a name can ask for: all but a rewritten body, since only the service itself knows what it answers. */
export type NamedFault = Exclude<FaultKind, { kind: 'rewrite' }>;

const kinds: Readonly<Record<string, NamedFault>> = {
  slow: { kind: 'delay', ms: 10_000 },
  reset: { kind: 'reset-before' },
  stall: { kind: 'stall' },
  truncate: { kind: 'truncate' },
};

/**
 * The fault that a name asks for, so that one can be had by hand: `fault-500` (any status from 400 on), `fault-slow`,
 * `fault-reset`, `fault-stall`, `fault-truncate`, each also as the beginning of a longer name.
 */
export function faultOfName(name: string): NamedFault | undefined {
  const word = /^(?:CM_)?fault-([a-z0-9]+)/.exec(name)?.[1];
  if (word === undefined) return undefined;
  return /^[45]\d\d$/.test(word) ? { kind: 'answer', status: Number(word) } : kinds[word];
}
