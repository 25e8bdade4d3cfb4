import type { ProjectId, StackId } from '../openstack/model.ts';

/** What the cloud has rated this month so far, in the currency of its prices. */
export interface Costs {
  /** Address of its CloudKitty, which regions may share. */
  readonly ratedBy: string;
  /** By id of the server, volume or network; undefined: this cloud rates by project only. */
  readonly ofResource: ReadonlyMap<string, number> | undefined;
  readonly ofProject: ReadonlyMap<ProjectId, number>;
  /** Ids of all resources that belonged to a stack this month, including those that are deleted by now. */
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

/** Sum of the costs of a stack's resources that are not in `here`: they are deleted, or have no device. */
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

/** Rounded to hundredths, never below 0: the portal refuses a negative cost. */
export function toCents(amount: number): number {
  return Math.max(0, Math.round(amount * 100)) / 100;
}

/**
 * Costs of a project whose regions are several clouds; undefined: those of one are not known.
 *
 * @param regions of those that rate
 */
export function costsOfProject(
  project: ProjectId,
  regions: readonly (Costs | undefined)[],
): Costs | undefined {
  const [first, ...others] = regions;
  if (others.length === 0) return first;
  const totals = new Map<string, number>();
  for (const costs of regions) {
    if (!costs) return undefined;
    totals.set(costs.ratedBy, costs.ofProject.get(project) ?? 0);
  }
  const sum = [...totals.values()].reduce((all, one) => all + one, 0);
  return first && { ...first, ofProject: new Map([[project, sum]]) };
}
