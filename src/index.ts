/**
 * The service as a library: the service itself with a mapping of one's own, and the decision what to change.
 *
 * @packageDocumentation
 */
export { type ComponentName, componentNames } from './components.ts';
export type * from './config/config.ts';
export type { ConfigValues } from './config/config-values.ts';
export { type LoadOptions, loadConfig } from './config/load.ts';
export { ConfigError } from './config/problems.ts';
export { type CreateServiceOptions, createService } from './create-service.ts';
export type { ComponentHealth } from './observability/health.ts';
export type { Logger } from './observability/logger.ts';
export type { Interface as EndpointInterface } from './openstack/catalog.ts';
export type { Credentials, DomainRef, ProjectRef, UserRef } from './openstack/credentials.ts';
export type { Mapping } from './plan/mapping.ts';
export { plan } from './plan/plan.ts';
export { defaultPlanSettings, type PlanSettings } from './plan/plan-settings.ts';
export type { SeenCloud } from './reconcile/observe-cloud.ts';
export { readCloud } from './reconcile/read-cloud.ts';
export type { Survey } from './reconcile/reconciler.ts';
export type { Failure, RunReport } from './reconcile/run-report.ts';
export type { Unread } from './reconcile/unread.ts';
export type { JwtPolicy } from './runtime/jwt-policy.ts';
export { Secret } from './runtime/secret.ts';
export { explain, ServiceError, type Severity, severityOf } from './runtime/severity.ts';
export { version } from './runtime/version.ts';
export type { Service, ServiceOptions } from './service.ts';
