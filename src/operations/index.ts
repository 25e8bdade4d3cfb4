/**
 * What the portal's users ask of the cloud, as functions: users, projects, teams, roles, power, stacks, key pairs, volumes,
 * networks, quotas. Each takes a session of `concertim-openstack-service/openstack` with the rights that it needs, and may be
 * called again after a failure. An `Audit`, where there is one, records what is made, changed or deleted.
 *
 * @packageDocumentation
 */
export type { Audit, AuditEvent } from './audit.ts';
export { changeServer, type ServerChange, serverChanges } from './change-server.ts';
export { changeStack, type StackChange, stackChanges } from './change-stack.ts';
export { changeUser, type UserChange } from './change-user.ts';
export { createTeam, type TeamDraft } from './create-team.ts';
export { createUser, type UserDraft } from './create-user.ts';
export { createUserProject, type UserProject, type UserProjectDraft } from './create-user-project.ts';
export { deleteNetwork } from './delete-network.ts';
export { deleteTeam } from './delete-team.ts';
export { deleteUser, type UserDeletion } from './delete-user.ts';
export { deleteVolume } from './delete-volume.ts';
export { createKeyPair, deleteKeyPair, type KeyPair, type KeyPairDraft, listKeyPairs } from './key-pairs.ts';
export { OperationError, type OperationErrorKind } from './operation-error.ts';
export {
  changeMembership,
  type Membership,
  type RoleMapping,
  type TeamRole,
  teamRoles,
} from './team-roles.ts';
