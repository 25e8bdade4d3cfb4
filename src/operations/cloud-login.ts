import { hash, randomBytes } from 'node:crypto';
import type { Credentials, ProjectRef, UserRef } from '../openstack/credentials.ts';
import type { Secret } from '../runtime/secret.ts';

/** On whose behalf, and in which project, requests to the cloud are made. */
export interface CloudLogin {
  /** Keystone's, as the one who asks writes it. */
  readonly authUrl: string;
  /** Of the cloud, where several have that Keystone; undefined: not named. */
  readonly region?: string | undefined;
  readonly user: UserRef;
  readonly password: Secret;
  readonly project: ProjectRef;
  /** The client's address; undefined for the portal itself, which speaks for all of its users. */
  readonly from?: string | undefined;
}

/** @param authUrl Keystone's address as it is configured here */
export function credentialsOf({ user, password, project }: CloudLogin, authUrl: string): Credentials {
  return { kind: 'password', authUrl, user, password, project };
}

/**
 * The account that a login is for, however it is spelled. Keystone's database takes names that differ in case, accents or
 * spaces at the end for the same, so that each spelling might otherwise get its own limit for one account.
 */
export function accountOf({ user, authUrl }: CloudLogin): string {
  const name = 'id' in user ? user.id : user.name;
  const plain = name.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase().trim();
  return `${authUrl} ${'id' in user ? 'id' : 'name'} ${plain}`;
}

/** Not to be guessed at: a key that gets out says nothing about the password in it. */
const pepper = randomBytes(32).toString('base64');

/** The same text for the same values and no others, from which none of them can be had back. */
export function fingerprint(values: readonly unknown[]): string {
  return hash('sha256', pepper + JSON.stringify(values), 'base64');
}

/** A login's fingerprint, its password included. */
export function fingerprintOf({ authUrl, region, user, password, project }: CloudLogin): string {
  return fingerprint([authUrl, region, user, password.reveal(), project]);
}
