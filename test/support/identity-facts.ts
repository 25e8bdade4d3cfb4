import type { Identity } from '../../src/sandbox/cloud/identity.ts';

/** The entries with that name. */
export function named<T extends { readonly name: string }>(among: ReadonlyMap<string, T>, name: string): T[] {
  return [...among.values()].filter((each) => each.name === name);
}

/** `user: role` for everybody who has one in the project, in order. */
export function rolesIn(identity: Identity, projectId: string): string[] {
  return identity
    .grants()
    .filter((grant) => grant.projectId === projectId)
    .map(({ userId, roleId }) => {
      const role = identity.roles.find(({ id }) => id === roleId);
      return `${identity.users.get(userId)?.name}: ${role?.name}`;
    })
    .sort();
}

/** Who looks after each project that is made for the portal. */
export const staffRoles = ['concertim: admin', 'concertim: member', 'concertim: watcher'];
