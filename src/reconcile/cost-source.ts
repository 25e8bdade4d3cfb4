import type { Costs } from '../plan/costs.ts';

/** What became of reading the costs of a cloud: it rates nothing, or it could not be read. */
export type ReadCosts = Costs | 'unrated' | 'unread';

/** Where costs come from. */
export interface CostSource {
  /** @returns what the cloud of that name has rated; undefined: it rates nothing */
  read(cloud: string, signal?: AbortSignal): Promise<Costs | undefined>;
  /** Called after each full run with the servers of each stack. */
  note(members: ReadonlyMap<string, readonly string[]>): Promise<void>;
}
