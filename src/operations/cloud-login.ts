import { hash, randomBytes } from 'node:crypto';
import type { Credentials, ProjectRef, UserRef } from '../openstack/credentials.ts';
import type { Secret } from '../runtime/secret.ts';

/** On whose behalf, and in which project, something is asked of the cloud. */
export interface CloudLogin {
  /** Keystone's, as the one who asks writes it. */
  readonly authUrl: string;
  readonly user: UserRef;
  readonly password: Secret;
  readonly project: ProjectRef;
}

/** @param authUrl Keystone's address as it is configured here */
export function credentialsOf({ user, password, project }: CloudLogin, authUrl: string): Credentials {
  return { kind: 'password', authUrl, user, password, project };
}

/** Not to be guessed at: a key that gets out says nothing about the password in it. */
const pepper = randomBytes(32).toString('base64');

/** The same text for the same values and no others, from which none of them can be had back. */
export function fingerprint(values: readonly unknown[]): string {
  return hash('sha256', pepper + JSON.stringify(values), 'base64');
}

/** A login's fingerprint, its password included. */
export function fingerprintOf({ authUrl, user, password, project }: CloudLogin): string {
  return fingerprint([authUrl, user, password.reveal(), project]);
}
