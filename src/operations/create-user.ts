import type { DomainRef } from '../openstack/credentials.ts';
import { createUser as createInKeystone } from '../openstack/identity.ts';
import type { UserId } from '../openstack/model.ts';
import type { Session } from '../openstack/session.ts';
import type { Secret } from '../runtime/secret.ts';
import type { Audit } from './audit.ts';
import { userNameFor } from './cloud-names.ts';
import { make } from './find-or-make.ts';
import { domainOf, findOwnUser } from './find-own.ts';
import { mark } from './managed.ts';
import { refuseOtherPerson } from './same-person.ts';

/** What a portal user is given: a user of the cloud. */
export interface UserDraft {
  /** As the portal knows the user. */
  readonly username: string;
  /** In full; undefined: not said. */
  readonly fullName: string | undefined;
  readonly password: Secret;
  readonly email: string | undefined;
  readonly domain: DomainRef | undefined;
}

/**
 * Gives a portal user a user of the cloud, without project or role: teams have those. One that is there, and that the
 * password opens, is the same; its password stays.
 *
 * @throws {OperationError} conflict: the name is taken, by somebody else or by an earlier person
 */
export async function createUser(session: Session, draft: UserDraft, audit: Audit): Promise<UserId> {
  const { password, email, fullName } = draft;
  const place = { name: userNameFor(draft.username), domainId: await domainOf(session, draft.domain) };
  const find = () => findOwnUser(session, place);
  const there = await find();
  let isOurs = false;
  const description = fullName === undefined ? `${mark} User` : `${mark} User: ${fullName}`;
  const user =
    there ??
    (await make({
      create: () =>
        createInKeystone(session, { ...place, description, password, email, defaultProjectId: undefined }),
      find,
      isMade: ({ id }) => {
        isOurs = true;
        audit({ verb: 'created', kind: 'user', id, name: place.name });
      },
    }));
  if (!isOurs) await refuseOtherPerson(session, user, password);
  return user.id;
}
