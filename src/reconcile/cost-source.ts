import type { Costs } from '../plan/costs.ts';

/** Where costs come from. */
export interface CostSource {
  /** @returns undefined: the cloud rates nothing */
  read(signal?: AbortSignal): Promise<Costs | undefined>;
  /** Called after each full run with the servers of each stack. */
  note(members: ReadonlyMap<string, readonly string[]>): Promise<void>;
}
