import { plainAuthUrl } from '../openstack/credentials.ts';
import { OperationError } from './operation-error.ts';

/**
 * The Keystones to which credentials may be sent. Without such a list every client of the API server could have it call
 * any address of the network it stands in.
 */
export class AuthUrls {
  readonly #allowed: ReadonlySet<string>;

  /** @param allowed with or without version and slash at the end */
  constructor(allowed: readonly string[]) {
    this.#allowed = new Set(allowed.map(plainAuthUrl).filter((url) => url !== undefined));
  }

  /**
   * The address to use for the requested one.
   *
   * @throws {OperationError} forbidden: it is not on the list
   */
  allowed(asked: string): string {
    const url = plainAuthUrl(asked);
    if (url !== undefined && this.#allowed.has(url)) return url;
    throw new OperationError(
      'forbidden',
      'cloud_env.auth_url is not a Keystone that this service may use. Its administrator can add it to api.allowed_auth_urls.',
    );
  }
}
