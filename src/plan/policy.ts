/** How much may be deleted on mere absence. */
export interface DeletionPolicy {
  /** So many of a kind are always let through. */
  readonly maxDeletions: number;
  /** Beyond that, so large a share of the objects we own of the kind. */
  readonly maxShare: number;
  /** A person has looked: let everything through. */
  readonly allowAll: boolean;
}

export interface Candidate<T> {
  readonly item: T;
  /** The cloud says itself that it was deleted; otherwise it was merely not found. */
  readonly proven: boolean;
}

export interface Verdict<T> {
  readonly allowed: readonly T[];
  readonly refused: readonly T[];
}

/**
 * What is proven goes. What is merely absent goes as long as it is little: a great absence is more often a wrong
 * address, or credentials with less sight, than a great deletion.
 */
export function judgeDeletions<T>(
  candidates: readonly Candidate<T>[],
  owned: number,
  policy: DeletionPolicy,
): Verdict<T> {
  const absent = candidates.filter(({ proven }) => !proven).length;
  if (!isTooMuch(absent, owned, policy)) return { allowed: candidates.map(({ item }) => item), refused: [] };
  return {
    allowed: candidates.filter(({ proven }) => proven).map(({ item }) => item),
    refused: candidates.filter(({ proven }) => !proven).map(({ item }) => item),
  };
}

/** Whether so many may not go on mere absence. */
export function isTooMuch(absent: number, owned: number, policy: DeletionPolicy): boolean {
  return !policy.allowAll && absent > policy.maxDeletions && absent > policy.maxShare * owned;
}

/** What to say when a kind's deletions were refused. */
export function refusalWarning(kind: string, refused: number, owned: number): string {
  return (
    `${refused} of ${owned} ${kind} have vanished from the cloud without a trace of their deletion; none of them is deleted. ` +
    'Is this the right cloud, and do the credentials still see all projects? If they are really gone, ' +
    'run once with --allow-deletions, or raise updates.max_deletions.'
  );
}
