import { explain } from '../runtime/severity.ts';

/** A cloud that could not be read, by its name. */
export interface UnreadCloud {
  readonly cloud: string;
  readonly problem: string;
}

/** What was read of each cloud. */
export interface ReadClouds<T> {
  /** In the order of the clouds. */
  readonly found: readonly T[];
  /** undefined: all were read. */
  readonly unread: readonly UnreadCloud[] | undefined;
}

/**
 * Reads the same of each cloud, side by side; one that cannot be read is left out and named.
 *
 * @throws the error of the first, when none could be read
 */
export async function readClouds<C extends { readonly name: string }, T>(
  clouds: readonly C[],
  read: (cloud: C) => Promise<T>,
  signal?: AbortSignal,
): Promise<ReadClouds<T>> {
  const found: T[] = [];
  const errors: { readonly cloud: string; readonly error: unknown }[] = [];
  const results = await Promise.allSettled(clouds.map(read));
  signal?.throwIfAborted();
  for (const [at, { name: cloud }] of clouds.entries()) {
    const result = results[at];
    if (result?.status === 'fulfilled') found.push(result.value);
    else errors.push({ cloud, error: result?.reason });
  }
  const [first] = errors;
  if (first && found.length === 0) throw first.error;
  const unread = errors.map(({ cloud, error }) => ({ cloud, problem: explain(error) }));
  return { found, unread: first && unread };
}

/** A line for each cloud that could not be read. */
export function describeUnread(unread: readonly UnreadCloud[] = []): string[] {
  return unread.map(({ cloud, problem }) => `cloud ${cloud} not read: ${problem}`);
}
