/**
 * A typed client of the Concertim portal: racks, devices, templates, users and the reporting of metrics.
 *
 * @packageDocumentation
 */
export type { ListOptions } from '../http/list-options.ts';
export {
  createDevice,
  deleteDevice,
  listDevices,
  moveDevice,
  readDevices,
  showDevice,
  updateDevice,
} from './devices.ts';
export { ConcertimError, type ConcertimErrorKind } from './errors.ts';
export {
  MetricReportError,
  type MetricReportErrorKind,
  MetricReporting,
  type MetricReportingOptions,
  type ReportedMetric,
} from './metric-reporting.ts';
export * from './model.ts';
export { listOwners, readOwners, updateOwner } from './owners.ts';
export { type OwnerField, type PortalProfile, profiles, type Release } from './profile.ts';
export { createRack, deleteRack, listRacks, readRacks, showRack, updateRack } from './racks.ts';
export { Session, type SessionOptions, type SessionRequest } from './session.ts';
export type { DeviceKind, DeviceStatus, RackStatus } from './statuses.ts';
export { listTeams, readTeams } from './teams.ts';
export { createTemplate, deleteTemplate, listTemplates, readTemplates, updateTemplate } from './templates.ts';
export { listUsers, readUsers } from './users.ts';
