import type { DeletionPolicy } from './brake.ts';
import type { MappingSettings } from './desired-state.ts';

export interface PlanSettings extends MappingSettings {
  readonly deletions: DeletionPolicy;
  /** Names of all configured clouds: what names another one is of a cloud that was removed. undefined: not known. */
  readonly clouds?: readonly string[];
  /** The mapping leaves out everything because the service is being removed: the reasons of removals say so. */
  readonly decommissions?: boolean;
  /** Height of a new rack, in units, unless its devices need more. */
  readonly defaultRackHeight: number;
  /** Cluster type of racks whose stack names none, for portals that require one. */
  readonly defaultClusterType?: string | undefined;
}

/** The settings of a configuration that sets none of them. */
export const defaultPlanSettings: PlanSettings = {
  standaloneServers: 'ignore',
  defaultRackHeight: 42,
  deletions: { maxDeletions: 5, maxShare: 0.05, allowAll: false },
};
