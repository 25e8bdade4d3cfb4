/**
 * Typed clients of an OpenStack cloud by official service type, and its model.
 *
 * @packageDocumentation
 */
export type { ListOptions } from '../http/list-options.ts';
export { listVolumes, showVolume } from './block-storage.ts';
export {
  listDeletedServers,
  listFlavors,
  listServerGroups,
  listServers,
  showFlavor,
  showServer,
} from './compute.ts';
export type { Credentials, DomainRef, ProjectRef, UserRef } from './credentials.ts';
export { OpenStackError } from './errors.ts';
export { findProject, type Project, showProject } from './identity.ts';
export { createKeyPair, deleteKeyPair, type KeyPair, type KeyPairType, listKeyPairs } from './key-pairs.ts';
export {
  type Aggregates,
  aggregateMeasures,
  type Grain,
  type Measures,
  type MetricId,
  type Point,
  type Refusal,
  type Resource,
  type ResourceId,
  type ResourceType,
  searchResources,
} from './metric.ts';
export type * from './model.ts';
export { listExternalNetworks, listNetworks, readExternalNetworks, showNetwork } from './network.ts';
export {
  actOnStack,
  deleteStack,
  findStack,
  readStackMembers,
  type StackDetail,
  type StackRef,
  showStack,
} from './orchestration.ts';
export { actOnServer, deleteServer, type ServerAction } from './server-actions.ts';
export { Session, type SessionOptions, type SessionRequest } from './session.ts';
export { readProjectStacks, readStacks, type StackList } from './stack-list.ts';
