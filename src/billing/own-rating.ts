import type { Session } from '../openstack/session.ts';

/** The clouds without those that share the CloudKitty of an earlier one, as regions may; one that does not tell counts as having its own. */
export async function withOwnRating<C extends { readonly session: Session }>(
  clouds: readonly C[],
  signal?: AbortSignal,
): Promise<C[]> {
  if (clouds.length < 2) return [...clouds];
  const addresses = await Promise.all(
    clouds.map(({ session }) => session.addressOf('rating', signal).catch(() => undefined)),
  );
  signal?.throwIfAborted();
  return clouds.filter((_, at) => addresses[at] === undefined || addresses.indexOf(addresses[at]) === at);
}
