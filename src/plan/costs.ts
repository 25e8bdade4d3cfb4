import type { ProjectId, StackId } from '../openstack/model.ts';

/** What the cloud has rated this month so far, in the currency of its prices. */
export interface Costs {
  /** By id of the server, volume or network; undefined: this cloud tells the projects' alone. */
  readonly ofResource: ReadonlyMap<string, number> | undefined;
  readonly ofProject: ReadonlyMap<ProjectId, number>;
  /** Ids of what has belonged to a stack this month, whether it is there still or not. */
  readonly members: ReadonlyMap<StackId, ReadonlySet<string>>;
  /** First day of this month and first of the next, such as `2026-11-01`. */
  readonly period: { readonly start: string; readonly end: string };
}

/**
 * What one resource has cost, rounded as the portal keeps it. Something that was not rated yet has cost nothing.
 *
 * @returns undefined: nobody knows, and the portal keeps what it shows
 */
export function costOf(resourceId: string, { ofResource }: Costs): number | undefined {
  return ofResource && toCents(ofResource.get(resourceId) ?? 0);
}

/** What those have cost together that belonged to a stack and are not `here`: gone, or no devices. */
export function costOfFormer(
  stack: StackId,
  here: Iterable<string>,
  { ofResource, members }: Costs,
): number | undefined {
  if (!ofResource) return undefined;
  const present = new Set(here);
  let sum = 0;
  for (const id of members.get(stack) ?? []) if (!present.has(id)) sum += ofResource.get(id) ?? 0;
  return toCents(sum);
}

/** In whole hundredths, never less than nothing: the portal refuses a negative cost. */
export function toCents(amount: number): number {
  return Math.max(0, Math.round(amount * 100)) / 100;
}
