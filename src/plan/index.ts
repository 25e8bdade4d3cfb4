/**
 * What to change in the portal, decided from two snapshots. Pure: no clock, no network, no state.
 *
 * @packageDocumentation
 */
export type { DeletionPolicy } from './brake.ts';
export * from './change.ts';
export type { ForeignClaim } from './claims.ts';
export { type DescribeOptions, describePlan, type Tone, type UnreadObject } from './describe.ts';
export type { MappingSettings } from './desired-state.ts';
export { emptyPortal } from './empty-portal.ts';
export { type FieldChange, fieldsOf, isSecret } from './field-change.ts';
export type { DesiredTemplate } from './flavor-template.ts';
export type { Ground } from './ground.ts';
export type { Mapping } from './mapping.ts';
export type * from './observation.ts';
export {
  isOwnTemplate,
  metadataKeys,
  type RackKey,
  type RackSource,
  serverOfDevice,
  sourceOfRack,
} from './ownership.ts';
export { plan } from './plan.ts';
export { defaultPlanSettings, type PlanSettings } from './plan-settings.ts';
export { deviceStatus, rackStatus } from './status.ts';
export { type Subject, Subjects } from './subject.ts';
