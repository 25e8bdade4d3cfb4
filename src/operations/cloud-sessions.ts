import { LRUCache } from 'lru-cache';
import { OpenStackError } from '../openstack/errors.ts';
import { Session } from '../openstack/session.ts';
import { type Attempt, AttemptLimit } from '../runtime/attempt-limit.ts';
import { type Clock, systemClock } from '../runtime/clock.ts';
import type { AuthUrls, Destination } from './auth-urls.ts';
import { accountOf, type CloudLogin, credentialsOf, fingerprintOf } from './cloud-login.ts';
import { isLogin, OperationError, operationError } from './operation-error.ts';

export interface CloudSessionsOptions {
  readonly authUrls: AuthUrls;
  /** Most sessions that are kept. Default 500. */
  readonly most?: number;
  readonly clock?: Clock;
}

/** So many logins to one account may fail in a minute. */
const mostFailuresOfAccount = 20;
/** So many from one address, whatever the accounts; the portal itself, known by its token, has no such limit. */
const mostFailuresFrom = 200;

interface Kept {
  readonly session: Session;
  /** How much is being done with it. */
  uses: number;
  /** Nothing new is begun with it. */
  isDropped: boolean;
}

/** After so long without use a session, and the password in it, is forgotten. */
const forgottenAfterMs = 30 * 60_000;

/**
 * The sessions of those on whose behalf requests are made, each kept for the next request with the same credentials:
 * that one needs no login, and finds its connections open. Kept under a fingerprint; dropped when Keystone refuses them.
 */
export class CloudSessions {
  readonly #options: CloudSessionsOptions;
  readonly #kept: LRUCache<string, Kept>;
  readonly #ofAccount: AttemptLimit;
  readonly #from: AttemptLimit;

  constructor(options: CloudSessionsOptions) {
    const { clock = systemClock } = options;
    this.#options = options;
    this.#ofAccount = new AttemptLimit({ most: mostFailuresOfAccount, clock });
    this.#from = new AttemptLimit({ most: mostFailuresFrom, clock });
    this.#kept = new LRUCache({
      max: options.most ?? 500,
      ttl: forgottenAfterMs,
      updateAgeOnGet: true,
      ttlResolution: 0,
      perf: clock,
      dispose: (kept) => {
        kept.isDropped = true;
        closeIfIdle(kept);
      },
    });
  }

  /** How many are kept. */
  get size(): number {
    return this.#kept.size;
  }

  /**
   * Does something on behalf of `login`, in the cloud that it names. Nothing of a login is looked at, nor any session used, while too many to its
   * account have failed.
   *
   * @param secrets further ones that the work gives to the cloud: they must be in no message
   * @throws {OperationError}
   */
  async use<T>(
    login: CloudLogin,
    work: (session: Session) => Promise<T>,
    secrets: readonly CloudLogin['password'][] = [],
  ): Promise<T> {
    const destination = this.#options.authUrls.destinationOf(login);
    const attempt = await this.#admit({ ...login, authUrl: destination.authUrl });
    const key = fingerprintOf(login);
    const kept = this.#kept.get(key) ?? this.#add(key, login, destination);
    kept.uses++;
    try {
      await kept.session.token();
      attempt.over();
      return await work(kept.session);
    } catch (error) {
      if (isRefusedLogin(error)) {
        attempt.failed();
        if (this.#kept.peek(key) === kept) this.#kept.delete(key);
      }
      throw operationError(error, [login.password, ...secrets], kept.session);
    } finally {
      attempt.over();
      kept.uses--;
      closeIfIdle(kept);
    }
  }

  /** Ends everything that is being done. */
  async close(): Promise<void> {
    const sessions = [...this.#kept.values()].map(({ session }) => session);
    this.#kept.clear();
    await Promise.all(sessions.map((session) => session.close()));
  }

  async #admit(login: CloudLogin): Promise<Attempt> {
    const attempts: Attempt[] = [];
    const over = () => attempts.forEach((each) => each.over());
    const limits: [AttemptLimit, string][] = [[this.#ofAccount, accountOf(login)]];
    if (login.from !== undefined) limits.push([this.#from, login.from]);
    for (const [limit, key] of limits) {
      const admitted = await limit.admit(key);
      if ('waitS' in admitted) {
        over();
        const { waitS } = admitted;
        throw new OperationError(
          'too-many-requests',
          `Too many logins have failed. Try again in ${waitS} s.`,
          {
            retryAfterS: waitS,
          },
        );
      }
      attempts.push(admitted);
    }
    return { failed: () => attempts.forEach((each) => each.failed()), over };
  }

  #add(key: string, login: CloudLogin, { authUrl, regions: [wanted, ...others] }: Destination): Kept {
    const credentials = credentialsOf(login, authUrl);
    const otherRegions = others.map(({ session }) => new Session({ ...session, credentials }));
    const session = new Session({ ...wanted.session, credentials, otherRegions });
    const kept = { session, uses: 0, isDropped: false };
    this.#kept.set(key, kept);
    return kept;
  }
}

/** Cutting idle connections takes no time and cannot fail: nobody waits for it. */
function closeIfIdle({ session, uses, isDropped }: Kept): void {
  if (isDropped && uses === 0) void session.close();
}

function isRefusedLogin(error: unknown): boolean {
  return error instanceof OpenStackError && isLogin(error) && (error.status === 401 || error.status === 403);
}
