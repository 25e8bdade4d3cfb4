import type { Costs } from '../plan/costs.ts';

/** Where costs come from. */
export interface CostSource {
  /** undefined: there are none to be had. */
  read(signal?: AbortSignal): Promise<Costs | undefined>;
  /** Told after each full run which servers belong to which stack. */
  note(members: ReadonlyMap<string, readonly string[]>): Promise<void>;
}
