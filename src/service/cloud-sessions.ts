import type { Config } from '../config/config.ts';
import { nextRequestWritten } from '../http/undici.ts';
import { Session } from '../openstack/session.ts';
import { type Clock, systemClock } from '../runtime/clock.ts';
import { type Random, systemRandom } from '../runtime/random.ts';
import { Exchanges } from './exchanges.ts';

/** How long a host that does not take a request may hold up the rest of the start. */
const longestAheadMs = 100;

/** The sessions with the clouds: what a start needs first, made before all else. */
export class CloudSessions implements AsyncDisposable {
  readonly exchanges: Exchanges;
  /** In the order of the configuration. */
  readonly sessions: readonly Session[];
  readonly #clock: Clock;

  constructor(options: { readonly config: Config; readonly clock?: Clock; readonly random?: Random }) {
    const { config, clock = systemClock, random = systemRandom } = options;
    this.#clock = clock;
    this.exchanges = new Exchanges({ clock, random });
    const { clouds } = config;
    this.sessions = clouds.map(({ name, openstack }) => {
      const cloud = clouds.length > 1 ? name : undefined;
      return new Session({ ...openstack, cloud, ...this.exchanges.http(cloud) });
    });
  }

  /**
   * Begins to sign in, and returns once a request is on its way: Keystone answers while the rest of the service is loaded, which
   * leaves no time for connections.
   */
  async signInAhead(): Promise<void> {
    const over = new AbortController();
    const written = nextRequestWritten();
    const answered = this.sessions.map((session) => session.signInAhead());
    try {
      await Promise.race([written, ...answered, this.#clock.sleep(longestAheadMs, over.signal)]);
    } finally {
      over.abort();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.sessions.map((session) => session.close()));
  }
}
