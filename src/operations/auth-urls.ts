import { plainAuthUrl } from '../openstack/credentials.ts';
import type { SessionOptions } from '../openstack/session.ts';
import { OperationError } from './operation-error.ts';

/** A cloud that requests may be about, and how each session with it connects. */
export interface CloudPlace {
  /** Keystone's address, with or without version and slash at the end. */
  readonly authUrl: string;
  /** Further addresses of the same Keystone. Default: none. */
  readonly otherAuthUrls?: readonly string[];
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

  constructor(clouds: readonly CloudPlace[]) {
    const byUrl = Map.groupBy(clouds, ({ authUrl }) => plainAuthUrl(authUrl));
    for (const [url, regions] of byUrl) if (url !== undefined) this.#regionsOf.set(url, regions);
    for (const { authUrl, otherAuthUrls = [] } of clouds) {
      const regions = byUrl.get(plainAuthUrl(authUrl)) ?? [];
      for (const url of otherAuthUrls.map(plainAuthUrl))
        if (url !== undefined && !this.#regionsOf.has(url)) this.#regionsOf.set(url, regions);
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
        'cloud_env.auth_url is not a Keystone that this service may use. Its administrator can add it to api.allowed_auth_urls, or to allowed_auth_urls of one of several clouds.',
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
