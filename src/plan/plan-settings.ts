import type { DeletionPolicy } from './brake.ts';
import type { MappingSettings } from './desired-state.ts';

export interface PlanSettings extends MappingSettings {
  readonly deletions: DeletionPolicy;
  /** The mapping leaves out everything because the service is being removed: so are the reasons. */
  readonly decommissions?: boolean;
  /** Height of a new rack, in units, unless its devices need more. */
  readonly defaultRackHeight: number;
  /** Of racks of stacks that say none, where the portal wants one. */
  readonly defaultClusterType?: string | undefined;
}

/** What a configuration without a word about it says. */
export const defaultPlanSettings: PlanSettings = {
  standaloneServers: 'ignore',
  defaultRackHeight: 42,
  deletions: { maxDeletions: 5, maxShare: 0.05, allowAll: false },
};
