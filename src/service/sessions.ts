import { join } from 'node:path';
import { Session as PortalSession } from '../concertim/session.ts';
import type { Config } from '../config/config.ts';
import { nextRequestWritten } from '../http/undici.ts';
import { Session as CloudSession } from '../openstack/session.ts';
import { type Clock, systemClock } from '../runtime/clock.ts';
import { type Random, systemRandom } from '../runtime/random.ts';
import { Exchanges } from './exchanges.ts';

/** How long a host that does not take a request may hold up the rest of the start. */
const longestAheadMs = 100;

/** The sessions with the clouds and the portal: what a start needs first, made before all else. */
export class Sessions implements AsyncDisposable {
  readonly exchanges: Exchanges;
  /** In the order of the configuration. */
  readonly clouds: readonly CloudSession[];
  readonly portal: PortalSession;
  readonly #clock: Clock;

  constructor(options: { readonly config: Config; readonly clock?: Clock; readonly random?: Random }) {
    const { config, clock = systemClock, random = systemRandom } = options;
    this.#clock = clock;
    this.exchanges = new Exchanges({ clock, random });
    this.clouds = config.clouds.map(({ name, openstack }) => {
      const cloud = config.clouds.length > 1 ? name : undefined;
      return new CloudSession({ ...openstack, cloud, ...this.exchanges.http(cloud) });
    });
    this.portal = new PortalSession({
      ...config.concertim,
      ...this.exchanges.http(),
      grantFile: config.dataDir && join(config.dataDir, 'concertim-token.json'),
    });
  }

  /**
   * Begins to sign in to the clouds, and returns once a request is on its way: Keystone answers while the rest of the service is
   * loaded, which leaves no time for connections. Another thread checks meanwhile whether the sign-in to the portal that an
   * earlier process kept is good.
   */
  async signInAhead(): Promise<void> {
    const over = new AbortController();
    const written = nextRequestWritten();
    const answered = this.clouds.map((session) => session.signInAhead());
    try {
      await Promise.race([written, ...answered, this.#clock.sleep(longestAheadMs, over.signal)]);
    } finally {
      over.abort();
    }
    this.portal.readKeptSignIn();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.portal, ...this.clouds].map((session) => session.close()));
  }
}
