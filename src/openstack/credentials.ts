import type { Secret } from '../runtime/secret.ts';
import { unreachable } from '../runtime/unreachable.ts';
import type { ProjectId } from './model.ts';

/** A Keystone domain. */
export type DomainRef = { readonly id: string } | { readonly name: string };
/** A Keystone user; a name needs its domain. */
export type UserRef = { readonly id: string } | { readonly name: string; readonly domain: DomainRef };
/** A Keystone project; a name needs its domain. */
export type ProjectRef = { readonly id: string } | { readonly name: string; readonly domain: DomainRef };

/** Who signs in to Keystone, and for which project. */
export type Credentials =
  | {
      readonly kind: 'password';
      /** Keystone's address, with or without `/v3`. */
      readonly authUrl: string;
      readonly user: UserRef;
      readonly password: Secret;
      readonly project: ProjectRef;
    }
  | {
      readonly kind: 'application-credential';
      readonly authUrl: string;
      readonly credential: { readonly id: string } | { readonly name: string; readonly user: UserRef };
      readonly secret: Secret;
    }
  | {
      /** The identity API v2.0. */
      readonly kind: 'v2-password';
      readonly authUrl: string;
      readonly username: string;
      readonly password: Secret;
      readonly tenant: { readonly name: string } | { readonly id: string };
    };

/** Keystone's address with its version and without a slash at the end. */
export function identityUrl({ authUrl, kind }: Credentials): string {
  const url = authUrl.replace(/\/+$/, '');
  return /\/v(3|2\.0)$/.test(url) ? url : `${url}/${kind === 'v2-password' ? 'v2.0' : 'v3'}`;
}

/** `HTTP://Keystone:80/v3/` and `http://keystone` are one. undefined for what is no plain HTTP address. */
export function plainAuthUrl(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const { protocol, origin, pathname, username, password, search, hash } = new URL(text);
  if (!/^https?:$/.test(protocol) || username || password || search || hash) return undefined;
  const path = pathname.replace(/\/+$/, '').replace(/\/v(3|2\.0)$/, '');
  return origin + path.replace(/\/+$/, '');
}

/** The same user in another project; undefined for an application credential, which is bound to one. */
export function scopedTo(credentials: Credentials, id: ProjectId): Credentials | undefined {
  switch (credentials.kind) {
    case 'password':
      return { ...credentials, project: { id } };
    case 'v2-password':
      return { ...credentials, tenant: { id } };
    case 'application-credential':
      return undefined;
    default:
      return unreachable(credentials);
  }
}

/** Who it is, in a person's words: `user "concertim" in domain "Default"`. */
export function describeUser(credentials: Credentials): string {
  switch (credentials.kind) {
    case 'password':
      return `user ${describe(credentials.user)}`;
    case 'v2-password':
      return `user "${credentials.username}"`;
    case 'application-credential': {
      const { credential } = credentials;
      return 'id' in credential
        ? `application credential ${credential.id}`
        : `application credential "${credential.name}" of user ${describe(credential.user)}`;
    }
    default:
      return unreachable(credentials);
  }
}

/** For which project it is: `project "admin" in domain "Default"`. */
export function describeProject(
  credentials: Exclude<Credentials, { kind: 'application-credential' }>,
): string {
  if (credentials.kind === 'password') return `project ${describe(credentials.project)}`;
  const { tenant } = credentials;
  return 'id' in tenant ? `tenant ${tenant.id}` : `tenant "${tenant.name}"`;
}

function describe(ref: UserRef | ProjectRef): string {
  if ('id' in ref) return ref.id;
  const domain = 'id' in ref.domain ? ref.domain.id : `"${ref.domain.name}"`;
  return `"${ref.name}" in domain ${domain}`;
}
