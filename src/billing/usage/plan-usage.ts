import type { Session } from '../../openstack/session.ts';
import { withOwnRating } from '../own-rating.ts';
import { readClouds, type UnreadCloud } from '../read-clouds.ts';
import type { UsagePoster } from './usage-poster.ts';
import type { UsageReview } from './usage-review.ts';

/** What is left to record of the usage of all clouds. */
export interface UsagePlan extends UsageReview {
  /** Whose usage is not in it; undefined: all were read. */
  readonly unread: readonly UnreadCloud[] | undefined;
}

/**
 * What is left to record for all past days, of each cloud. Records nothing.
 *
 * @param projects whose unbilled costs are reported
 * @returns undefined: none of the clouds rates by resource
 * @throws {ServiceError} none of the clouds could be read, or the platform could not
 */
export async function planUsage(
  clouds: readonly { readonly name: string; readonly session: Session; readonly poster: UsagePoster }[],
  projects: ReadonlySet<string>,
  signal?: AbortSignal,
): Promise<UsagePlan | undefined> {
  const own = await withOwnRating(clouds, signal);
  const { found, unread } = await readClouds(own, ({ poster }) => poster.plan(projects, signal), signal);
  const reviews = found.filter((review) => review !== undefined);
  const [first] = reviews;
  return (
    first && {
      days: [...new Set(reviews.flatMap(({ days }) => days))],
      steps: reviews.flatMap(({ steps }) => steps),
      unbilled: reviews.flatMap(({ unbilled }) => unbilled),
      units: first.units,
      ratedUntil: new Map(reviews.flatMap(({ ratedUntil }) => [...ratedUntil])),
      unread,
    }
  );
}
