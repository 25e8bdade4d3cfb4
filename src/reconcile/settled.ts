/** Waits for all requests and pairs each with its answer or its error. @throws when all have failed */
export async function settled<Id, T>(
  ids: readonly Id[],
  question: (id: Id) => Promise<T>,
  signal: AbortSignal | undefined,
): Promise<{ answers: Map<Id, T>; errors: Map<Id, unknown> }> {
  const outcomes = await Promise.allSettled(ids.map(question));
  signal?.throwIfAborted();
  const answers = new Map<Id, T>();
  const errors = new Map<Id, unknown>();
  for (const [at, id] of ids.entries()) {
    const outcome = outcomes[at];
    if (outcome?.status === 'fulfilled') answers.set(id, outcome.value);
    else errors.set(id, outcome?.reason);
  }
  if (errors.size > 0 && answers.size === 0) throw [...errors.values()][0];
  return { answers, errors };
}
