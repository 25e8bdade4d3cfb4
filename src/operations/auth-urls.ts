import { plainAuthUrl } from '../openstack/credentials.ts';
import type { SessionOptions } from '../openstack/session.ts';
import { OperationError } from './operation-error.ts';

/** A cloud that requests may be about, and how each session with it connects. */
export interface CloudPlace {
  /** Keystone's address, with or without version and slash at the end. */
  readonly authUrl: string;
  readonly session: Omit<SessionOptions, 'credentials' | 'otherRegions'>;
}

/** Where the credentials of one request go. */
export interface Destination {
  /** Keystone's address, in its plain form. */
  readonly authUrl: string;
  /** The clouds that have it: the wanted one first. */
  readonly regions: readonly [CloudPlace, ...CloudPlace[]];
}

/**
 * The Keystones to which credentials may be sent, and the clouds that have them. Without such a list every client of the API server
 * could have it call any address of the network it stands in.
 */
export class AuthUrls {
  readonly #regionsOf = new Map<string, readonly CloudPlace[]>();

  /** @param further other addresses of the first cloud's Keystone, or of one that is used as that cloud is */
  constructor(clouds: readonly CloudPlace[], further: readonly string[] = []) {
    const byUrl = Map.groupBy(clouds, ({ authUrl }) => plainAuthUrl(authUrl));
    for (const [url, regions] of byUrl) if (url !== undefined) this.#regionsOf.set(url, regions);
    const ofFirst = byUrl.get(plainAuthUrl(clouds[0]?.authUrl ?? '')) ?? [];
    for (const url of further.map(plainAuthUrl)) {
      if (url !== undefined && !this.#regionsOf.has(url)) this.#regionsOf.set(url, ofFirst);
    }
  }

  /**
   * Where a request goes that names this address, and maybe a region.
   *
   * @throws {OperationError} forbidden: the address is not on the list; invalid: no cloud there is of that region
   */
  destinationOf(asked: { readonly authUrl: string; readonly region?: string | undefined }): Destination {
    const authUrl = plainAuthUrl(asked.authUrl);
    const regions = authUrl === undefined ? undefined : this.#regionsOf.get(authUrl);
    if (authUrl === undefined || !regions) {
      throw new OperationError(
        'forbidden',
        'cloud_env.auth_url is not a Keystone that this service may use. Its administrator can add it to api.allowed_auth_urls.',
      );
    }
    const isWanted = ({ session: { region } }: CloudPlace) =>
      asked.region === undefined || region === undefined || region === asked.region;
    const wanted = regions.find(isWanted);
    if (!wanted) {
      const known = regions.map(({ session: { region } }) => region).join(', ');
      throw new OperationError('invalid', `cloud_env.region_name: this service knows of ${known}.`);
    }
    return { authUrl, regions: [wanted, ...regions.filter((each) => each !== wanted)] };
  }
}
