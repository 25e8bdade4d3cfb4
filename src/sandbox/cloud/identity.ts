import type { Ids } from './ids.ts';
import type { Timeline } from './timeline.ts';

/** Keystone's state: who there is, what they may do where, and which tokens are good. */

export interface Domain {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  enabled: boolean;
}

export interface Project {
  readonly id: string;
  name: string;
  readonly domainId: string;
  description: string;
  enabled: boolean;
}

export interface User {
  readonly id: string;
  name: string;
  readonly domainId: string;
  enabled: boolean;
  password: string;
  email: string | undefined;
  description: string | undefined;
  defaultProjectId: string | undefined;
}

export interface Role {
  readonly id: string;
  readonly name: string;
}

export interface ApplicationCredential {
  readonly id: string;
  readonly name: string;
  readonly secret: string;
  readonly userId: string;
  readonly projectId: string;
}

export interface Token {
  readonly id: string;
  readonly methods: readonly string[];
  readonly auditIds: readonly string[];
  readonly user: User;
  /** undefined for an unscoped one. */
  readonly project: Project | undefined;
  readonly roles: readonly Role[];
  readonly applicationCredential: ApplicationCredential | undefined;
  /** Milliseconds since 1970. */
  readonly issuedAt: number;
  readonly expiresAt: number;
}

export const defaultDomain: Readonly<Domain> = {
  id: 'default',
  name: 'Default',
  description: 'The default domain',
  enabled: true,
};

/** Roles that have the ones behind them too, as Keystone's bootstrap sets it up. */
const impliedRoles: Readonly<Record<string, readonly string[]>> = {
  admin: ['member', 'reader'],
  member: ['reader'],
};

const roleNames = [
  'admin',
  'member',
  'reader',
  'watcher',
  'rating',
  'heat_stack_owner',
  'heat_stack_user',
  'service',
];

export interface IdentityOptions {
  readonly timeline: Timeline;
  readonly ids: Ids;
  /** For tokens, which are drawn as requests come: they must not shift the ids of the story. */
  readonly tokenIds: Ids;
  readonly tokenLifetimeS: number;
}

export class Identity {
  readonly domains: Domain[];
  /** Where Heat keeps the project that each stack gets for its own users. */
  readonly heatDomain: Domain;
  roles: readonly Role[];
  readonly projects = new Map<string, Project>();
  readonly users = new Map<string, User>();
  readonly applicationCredentials = new Map<string, ApplicationCredential>();
  readonly #timeline: Timeline;
  readonly #ids: Ids;
  readonly #tokenIds: Ids;
  readonly #tokenLifetimeMs: number;
  /** Role ids by `<project>/<user>`. */
  readonly #grants = new Map<string, Set<string>>();
  readonly #tokens = new Map<string, Token>();

  constructor(options: IdentityOptions) {
    this.#timeline = options.timeline;
    this.#ids = options.ids;
    this.#tokenIds = options.tokenIds;
    this.#tokenLifetimeMs = options.tokenLifetimeS * 1000;
    this.heatDomain = { id: this.#ids.hex(32), name: 'heat', description: 'Stack users', enabled: true };
    this.domains = [this.heatDomain, { ...defaultDomain }];
    this.roles = roleNames.map((name) => ({ id: this.#ids.hex(32), name }));
  }

  createDomain(name: string): Domain {
    const domain: Domain = { id: this.#ids.hex(32), name, description: '', enabled: true };
    this.domains.push(domain);
    return domain;
  }

  /** Tokens of its users, and for its projects, end at once. */
  disableDomain(domain: Domain): void {
    domain.enabled = false;
    this.#revoke(({ user, project }) => [user, project].some((each) => each?.domainId === domain.id));
  }

  /** Whether users and projects of that domain are of use. */
  isDomainEnabled(id: string): boolean {
    return this.domains.find((domain) => domain.id === id)?.enabled === true;
  }

  createProject(draft: {
    name: string;
    domainId?: string;
    description?: string;
    enabled?: boolean;
  }): Project {
    const project: Project = {
      id: this.#ids.hex(32),
      name: draft.name,
      domainId: draft.domainId ?? defaultDomain.id,
      description: draft.description ?? '',
      enabled: draft.enabled ?? true,
    };
    this.projects.set(project.id, project);
    return project;
  }

  deleteProject(project: Project): void {
    this.projects.delete(project.id);
    for (const key of this.#grants.keys()) if (key.startsWith(`${project.id}/`)) this.#grants.delete(key);
    this.#revoke((token) => token.project === project);
  }

  createUser(draft: {
    name: string;
    password: string;
    domainId?: string;
    email?: string | undefined;
    description?: string | undefined;
    defaultProjectId?: string | undefined;
    enabled?: boolean;
  }): User {
    const user: User = {
      id: this.#ids.hex(32),
      name: draft.name,
      domainId: draft.domainId ?? defaultDomain.id,
      enabled: draft.enabled ?? true,
      password: draft.password,
      email: draft.email,
      description: draft.description,
      defaultProjectId: draft.defaultProjectId,
    };
    this.users.set(user.id, user);
    return user;
  }

  /** A new password or being disabled ends the user's tokens at once. */
  updateUser(
    user: User,
    patch: { [Key in keyof Omit<User, 'id' | 'domainId'>]?: User[Key] | undefined },
  ): void {
    for (const [key, value] of Object.entries(patch))
      if (value !== undefined) Object.assign(user, { [key]: value });
    if (patch.password !== undefined || patch.enabled === false) this.#revoke((token) => token.user === user);
  }

  deleteUser(user: User): void {
    this.users.delete(user.id);
    for (const key of this.#grants.keys()) if (key.endsWith(`/${user.id}`)) this.#grants.delete(key);
    for (const credential of this.applicationCredentials.values()) {
      if (credential.userId === user.id) this.applicationCredentials.delete(credential.id);
    }
    this.#revoke((token) => token.user === user);
  }

  createRole(name: string): Role {
    const role = { id: this.#ids.hex(32), name };
    this.roles = [...this.roles, role];
    return role;
  }

  /** With all grants of it. */
  deleteRole(role: Role): void {
    this.roles = this.roles.filter((other) => other !== role);
    for (const [key, granted] of this.#grants) {
      granted.delete(role.id);
      if (granted.size === 0) this.#grants.delete(key);
    }
  }

  role(name: string): Role {
    const role = this.roles.find((role) => role.name === name);
    if (!role) throw new Error(`The sandbox has no role "${name}": ${roleNames.join(', ')}.`);
    return role;
  }

  grant(user: User, project: Project, ...names: readonly string[]): void {
    const key = `${project.id}/${user.id}`;
    const granted = this.#grants.get(key) ?? new Set();
    for (const name of names) granted.add(this.role(name).id);
    this.#grants.set(key, granted);
  }

  revoke(user: User, project: Project, role: Role): void {
    const key = `${project.id}/${user.id}`;
    const granted = this.#grants.get(key);
    granted?.delete(role.id);
    if (granted?.size === 0) this.#grants.delete(key);
  }

  /** Who was granted which role in which project, without the roles that these imply. */
  grants(): { readonly projectId: string; readonly userId: string; readonly roleId: string }[] {
    return [...this.#grants].flatMap(([key, roleIds]) => {
      const [projectId = '', userId = ''] = key.split('/');
      return [...roleIds].map((roleId) => ({ projectId, userId, roleId }));
    });
  }

  /** The user's roles in the project, those that others imply included. */
  rolesOf(user: User, project: Project): Role[] {
    const granted = this.#grants.get(`${project.id}/${user.id}`) ?? new Set();
    const names = this.roles.filter((role) => granted.has(role.id)).map((role) => role.name);
    const all = new Set(names.flatMap((name) => [name, ...(impliedRoles[name] ?? [])]));
    return this.roles.filter((role) => all.has(role.name));
  }

  /** The projects in which the user has any role. */
  projectsOf(user: User): Project[] {
    return [...this.projects.values()].filter((project) => this.#grants.has(`${project.id}/${user.id}`));
  }

  createApplicationCredential(draft: Omit<ApplicationCredential, 'id'>): ApplicationCredential {
    const credential = { id: this.#ids.hex(32), ...draft };
    this.applicationCredentials.set(credential.id, credential);
    return credential;
  }

  issueToken(grant: {
    user: User;
    project: Project | undefined;
    methods: readonly string[];
    applicationCredential?: ApplicationCredential | undefined;
    /** The token that this one was got with: its end is this one's too. */
    parent?: Token | undefined;
  }): Token {
    // Keystone's times are whole seconds.
    const issuedAt = Math.floor(this.#timeline.now() / 1000) * 1000;
    const token: Token = {
      id: `gAAAAA${this.#tokenIds.base64Url(177)}`,
      methods: grant.methods,
      auditIds: [this.#tokenIds.base64Url(22), ...(grant.parent?.auditIds.slice(-1) ?? [])],
      user: grant.user,
      project: grant.project,
      roles: grant.project ? this.rolesOf(grant.user, grant.project) : [],
      applicationCredential: grant.applicationCredential,
      issuedAt,
      expiresAt: grant.parent?.expiresAt ?? issuedAt + this.#tokenLifetimeMs,
    };
    this.#revoke((other) => other.expiresAt <= this.#timeline.now());
    this.#tokens.set(token.id, token);
    return token;
  }

  /** The token if it is good: known, not revoked, not expired. */
  token(id: string): Token | undefined {
    const token = this.#tokens.get(id);
    return token && token.expiresAt > this.#timeline.now() ? token : undefined;
  }

  revokeToken(token: Token): void {
    this.#tokens.delete(token.id);
  }

  /** Ends every token at once, as a restart of Keystone with new keys does. */
  revokeAllTokens(): void {
    this.#tokens.clear();
  }

  #revoke(which: (token: Token) => boolean): void {
    for (const token of this.#tokens.values()) if (which(token)) this.#tokens.delete(token.id);
  }
}
