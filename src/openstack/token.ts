import { parseBody } from '../http/body.ts';
import type { HttpClient, HttpResponse } from '../http/client.ts';
import { BodyError } from '../http/errors.ts';
import { isTransientStatus } from '../http/retry.ts';
import { parseTime } from '../runtime/clock.ts';
import { Secret } from '../runtime/secret.ts';
import type { Severity } from '../runtime/severity.ts';
import type { CatalogEntry, Interface } from './catalog.ts';
import { type Credentials, describeProject, describeUser, identityUrl } from './credentials.ts';
import { type OpenStackError, openStackError } from './errors.ts';
import type { ProjectId, RoleId, UserId } from './model.ts';
import { AccessBody, TokenBody } from './wire/identity.ts';

/** What Keystone gives for credentials. */
export interface Token {
  readonly text: Secret;
  /** By our clock, ms since 1970: its lifetime counted from the moment it was received. */
  readonly expiresAt: number;
  readonly userId: UserId;
  readonly userName: string;
  readonly projectId: ProjectId | undefined;
  /** Of the project, else of the user; undefined in v2.0, which knows no domains. */
  readonly domainId: string | undefined;
  /** In the project. v2.0 gives their names only. */
  readonly roles: readonly { readonly id: RoleId | undefined; readonly name: string }[];
  readonly catalog: readonly CatalogEntry[];
}

/**
 * Signs in.
 *
 * @param options.now our clock, ms since 1970
 * @throws {OpenStackError} Keystone refuses, as severe as `refusal` says
 * @throws {ConnectionError | TimeoutError | BodyError} no usable answer
 */
export async function login(
  http: HttpClient,
  credentials: Credentials,
  options: { now: () => number; refusal: Severity; signal: AbortSignal },
): Promise<Token> {
  const v2 = credentials.kind === 'v2-password';
  const route = v2 ? '/tokens' : '/auth/tokens';
  const response = await http.request({
    method: 'POST',
    url: identityUrl(credentials) + route,
    route,
    body: v2 ? v2Body(credentials) : v3Body(credentials),
    // A token too many does no harm.
    idempotent: true,
    signal: options.signal,
  });
  if (response.status >= 300) throw refused(response, credentials, options.refusal);
  return v2 ? readAccess(response, options.now()) : readToken(response, options.now());
}

/**
 * Whether a user's password is right, by a login without a project. False also for a user who does not exist
 * or may not sign in.
 */
export async function opensAccount(
  http: HttpClient,
  credentials: Credentials,
  { userId, password }: { readonly userId: UserId; readonly password: Secret },
): Promise<boolean> {
  const route = '/auth/tokens';
  const user = { id: userId, password: password.reveal() };
  const response = await http.request({
    method: 'POST',
    url: identityUrl(credentials) + route,
    route,
    body: { auth: { identity: { methods: ['password'], password: { user } }, scope: 'unscoped' } },
  });
  if (response.status < 300) return true;
  if (response.status === 401) return false;
  throw openStackError(response);
}

function v3Body(credentials: Exclude<Credentials, { kind: 'v2-password' }>): unknown {
  if (credentials.kind === 'application-credential') {
    const { credential, secret } = credentials;
    return {
      auth: {
        identity: {
          methods: ['application_credential'],
          application_credential: { ...credential, secret: secret.reveal() },
        },
      },
    };
  }
  const { user, password, project } = credentials;
  return {
    auth: {
      identity: { methods: ['password'], password: { user: { ...user, password: password.reveal() } } },
      scope: { project },
    },
  };
}

function v2Body({ username, password, tenant }: Extract<Credentials, { kind: 'v2-password' }>): unknown {
  return {
    auth: {
      passwordCredentials: { username, password: password.reveal() },
      ...('id' in tenant ? { tenantId: tenant.id } : { tenantName: tenant.name }),
    },
  };
}

/** Keystone answers a wrong password, a locked user and an unknown project alike, so as to tell nothing. */
function refused(response: HttpResponse, credentials: Credentials, severity: Severity): OpenStackError {
  const { status } = response;
  if (isTransientStatus(status)) return openStackError(response);
  const message = `Keystone refused ${describeUser(credentials)} (${status}).`;
  if (credentials.kind === 'application-credential' && [401, 403, 404].includes(status)) {
    const hint =
      'Check its id and secret; it may also have expired or been deleted, or its user, its project or their domain may be disabled.';
    return openStackError(response, { severity, message, hint });
  }
  if (credentials.kind !== 'application-credential' && [401, 403].includes(status)) {
    const hint = `Check name and password. The user may also have no role in ${describeProject(credentials)}, or the user, the project or their domain may be disabled.`;
    return openStackError(response, { severity, message, hint });
  }
  return openStackError(response, {
    severity,
    hint: 'Is openstack.auth_url the address of Keystone, such as https://keystone.example:5000/v3?',
  });
}

function readToken(response: HttpResponse, now: number): Token {
  const text = response.headers['x-subject-token'];
  if (text === undefined) throw new BodyError(response, 'no X-Subject-Token');
  const { token } = parseBody(response, TokenBody);
  return {
    text: new Secret(text),
    expiresAt: now + lifetime(response, token.issued_at, token.expires_at),
    userId: token.user.id as UserId,
    userName: token.user.name,
    projectId: token.project?.id as ProjectId | undefined,
    domainId: token.project?.domain?.id ?? token.user.domain?.id,
    roles: token.roles.map(({ id, name }) => ({ id: id as RoleId, name })),
    catalog: token.catalog.flatMap(({ type, endpoints }) =>
      endpoints.map(({ interface: face, region, region_id, url }) => ({
        type,
        interface: face as Interface,
        region: region_id ?? region ?? '',
        url,
      })),
    ),
  };
}

function readAccess(response: HttpResponse, now: number): Token {
  const { token, user, serviceCatalog } = parseBody(response, AccessBody).access;
  return {
    text: new Secret(token.id),
    expiresAt: now + lifetime(response, token.issued_at, token.expires),
    userId: user.id as UserId,
    userName: user.name,
    projectId: token.tenant?.id as ProjectId | undefined,
    domainId: undefined,
    roles: user.roles.map(({ name }) => ({ id: undefined, name })),
    catalog: serviceCatalog.flatMap(({ type, endpoints }) =>
      endpoints.flatMap(({ region, publicURL, internalURL, adminURL }) =>
        Object.entries({ public: publicURL, internal: internalURL, admin: adminURL }).flatMap(
          ([face, url]) =>
            url === undefined ? [] : [{ type, interface: face as Interface, region: region ?? '', url }],
        ),
      ),
    ),
  };
}

/** Both times are Keystone's, so its clock may differ from ours. */
function lifetime(response: HttpResponse, issuedAt: string | undefined, expiresAt: string): number {
  const end = parseTime(expiresAt);
  if (end === undefined)
    throw new BodyError(response, `a token with the end "${expiresAt}", which is no time`);
  return end - (parseTime(issuedAt ?? '') ?? response.at);
}
