import { OperationError } from './operation-error.ts';

/**
 * The Keystones to which credentials may be sent. Without such a list every client of the API server could have it call
 * any address of the network it stands in.
 */
export class AuthUrls {
  readonly #allowed: ReadonlySet<string>;

  /** @param allowed with or without version and slash at the end */
  constructor(allowed: readonly string[]) {
    this.#allowed = new Set(allowed.map(canonical).filter((url) => url !== undefined));
  }

  /**
   * The address to use for the requested one.
   *
   * @throws {OperationError} forbidden: it is not on the list
   */
  allowed(asked: string): string {
    const url = canonical(asked);
    if (url !== undefined && this.#allowed.has(url)) return url;
    throw new OperationError(
      'forbidden',
      'cloud_env.auth_url is not a Keystone that this service may use. Its administrator can add it to api.allowed_auth_urls.',
    );
  }
}

/** `HTTP://Keystone:80/v3/` and `http://keystone` are one. undefined for what is no plain HTTP address. */
function canonical(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const { protocol, origin, pathname, username, password, search, hash } = new URL(text);
  if (!/^https?:$/.test(protocol) || username || password || search || hash) return undefined;
  const path = pathname.replace(/\/+$/, '').replace(/\/v(3|2\.0)$/, '');
  return origin + path.replace(/\/+$/, '');
}
