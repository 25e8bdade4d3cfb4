import type { Credentials, DomainRef, ProjectRef, UserRef } from '../openstack/credentials.ts';
import type { Place, Problems } from './problems.ts';
import type { ConfigFile } from './schema.ts';

type OpenStackKeys = ConfigFile['openstack'];
type Key = keyof OpenStackKeys;

/**
 * Which way to sign in the keys of a section `openstack` add up to; undefined, with problems, when they add up to none.
 *
 * | `auth_url` | keys | kind |
 * |---|---|---|
 * | any | `application_credential_*` | application-credential |
 * | `…/v2.0` | user name, password, tenant | v2-password |
 * | other | user, password, project | password |
 *
 * An id wins over a name, as in keystoneauth.
 */
export function readCredentials(given: GivenKeys, problems: Problems): Credentials | undefined {
  const reader = new CredentialsReader(given, problems);
  if (
    reader.has('application_credential_id', 'application_credential_name', 'application_credential_secret')
  ) {
    return reader.applicationCredential();
  }
  return given.keys.auth_url?.endsWith('/v2.0') ? reader.v2Password() : reader.password();
}

export interface GivenKeys {
  readonly keys: OpenStackKeys;
  /** Path of the section: `openstack`. */
  readonly section: string;
  /** Where the section stands: there keys are missed. */
  readonly at: Place;
  /** Where each key stands, by its path. */
  readonly places: ReadonlyMap<string, Place>;
}

class CredentialsReader {
  readonly #keys: OpenStackKeys;
  readonly #section: string;
  readonly #at: Place;
  readonly #places: ReadonlyMap<string, Place>;
  readonly #problems: Problems;

  constructor({ keys, section, at, places }: GivenKeys, problems: Problems) {
    this.#keys = keys;
    this.#section = section;
    this.#at = at;
    this.#places = places;
    this.#problems = problems;
  }

  /** Whether any of the keys was given, even with an invalid value. */
  has(...keys: readonly Key[]): boolean {
    return keys.some((key) => this.#places.has(`${this.#section}.${key}`));
  }

  applicationCredential(): Credentials | undefined {
    const authUrl = this.#need('auth_url', 'give the address of Keystone');
    const secret = this.#need(
      'application_credential_secret',
      'give the secret of the application credential',
    );
    const id = this.#keys.application_credential_id;
    const name = this.#keys.application_credential_name;
    if (this.has('password')) {
      this.#notice('password', 'is ignored: the application credential is used, remove one of the two');
    }
    if (!id && !name) {
      this.#missing('application_credential_id', 'give it, or application_credential_name and the user');
      return undefined;
    }
    const user = id ? undefined : this.#user();
    if (!authUrl || !secret) return undefined;
    if (id) return { kind: 'application-credential', authUrl, credential: { id }, secret };
    return name && user
      ? { kind: 'application-credential', authUrl, credential: { name, user }, secret }
      : undefined;
  }

  v2Password(): Credentials | undefined {
    const authUrl = this.#keys.auth_url;
    const username = this.#need('username', 'give the user to sign in as');
    const password = this.#need('password', 'give the password of that user, or password_file');
    const id = this.#keys.tenant_id ?? this.#keys.project_id;
    const name = this.#keys.tenant_name ?? this.#keys.project_name;
    if (!id && !name) this.#missing('tenant_name', 'give it or tenant_id, the project to sign in to');
    if (!authUrl || !username || !password) return undefined;
    if (id) return { kind: 'v2-password', authUrl, username, password, tenant: { id } };
    return name ? { kind: 'v2-password', authUrl, username, password, tenant: { name } } : undefined;
  }

  password(): Credentials | undefined {
    const authUrl = this.#need('auth_url', 'give the address of Keystone, or cloud, a name in clouds.yaml');
    const user = this.#user();
    const password = this.#need('password', 'give the password of that user, or password_file');
    const project = this.#project();
    return authUrl && user && password && project
      ? { kind: 'password', authUrl, user, password, project }
      : undefined;
  }

  #user(): UserRef | undefined {
    const { user_id: id, username: name } = this.#keys;
    if (id) {
      if (name) this.#notice('username', 'is ignored: user_id is given, remove one of the two');
      return { id };
    }
    if (!name) {
      this.#missing('username', 'give it with user_domain_name, or give user_id');
      return undefined;
    }
    const domain = this.#domain('user_domain_id', 'user_domain_name');
    return domain && { name, domain };
  }

  #project(): ProjectRef | undefined {
    const id = this.#keys.project_id ?? this.#keys.tenant_id;
    const name = this.#keys.project_name ?? this.#keys.tenant_name;
    if (id) {
      if (name) this.#notice('project_name', 'is ignored: project_id is given, remove one of the two');
      return { id };
    }
    if (!name) {
      this.#missing('project_name', 'give it with project_domain_name, or give project_id');
      return undefined;
    }
    const domain = this.#domain('project_domain_id', 'project_domain_name');
    return domain && { name, domain };
  }

  #domain(idKey: 'user_domain_id' | 'project_domain_id', nameKey: Key): DomainRef | undefined {
    const id = this.#keys[idKey];
    if (id) return { id };
    const name = this.#need(nameKey, `give it or ${idKey}; on many clouds it is Default`);
    return typeof name === 'string' ? { name } : undefined;
  }

  #need<K extends Key>(key: K, whatToDo: string): OpenStackKeys[K] {
    if (this.#keys[key] === undefined) this.#missing(key, whatToDo);
    return this.#keys[key];
  }

  #missing(key: Key, whatToDo: string): void {
    this.#problems.addOnce(this.#at, `${this.#section}.${key}`, `is missing, ${whatToDo}`);
  }

  #notice(key: Key, text: string): void {
    const path = `${this.#section}.${key}`;
    this.#problems.notice(this.#places.get(path) ?? this.#at, path, text);
  }
}
