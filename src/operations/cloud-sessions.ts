import { LRUCache } from 'lru-cache';
import { OpenStackError } from '../openstack/errors.ts';
import { Session, type SessionOptions } from '../openstack/session.ts';
import type { AuthUrls } from './auth-urls.ts';
import { type CloudLogin, credentialsOf, fingerprintOf } from './cloud-login.ts';
import { isLogin, operationError } from './operation-error.ts';

export interface CloudSessionsOptions {
  readonly authUrls: AuthUrls;
  /** Of every session. */
  readonly session: Omit<SessionOptions, 'credentials'>;
  /** Most sessions that are kept. Default 500. */
  readonly most?: number;
}

interface Kept {
  readonly session: Session;
  /** Keystone has taken its credentials. */
  isGood: boolean;
  /** How much is being done with it. */
  uses: number;
  /** Nothing new is begun with it. */
  isDropped: boolean;
}

/** After so long without use a session, and the password in it, is forgotten. */
const forgottenAfterMs = 30 * 60_000;

/**
 * The sessions of those on whose behalf something is asked, each kept for the next request with the same credentials:
 * that one needs no login, and finds its connections open. Kept under a fingerprint; dropped when Keystone refuses them.
 */
export class CloudSessions {
  readonly #options: CloudSessionsOptions;
  readonly #kept: LRUCache<string, Kept>;

  constructor(options: CloudSessionsOptions) {
    this.#options = options;
    this.#kept = new LRUCache({
      max: options.most ?? 500,
      ttl: forgottenAfterMs,
      updateAgeOnGet: true,
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

  /** Whether Keystone has taken these credentials lately: using them needs no login. */
  isGood(login: CloudLogin): boolean {
    return this.#kept.peek(fingerprintOf(login))?.isGood ?? false;
  }

  /**
   * Does something on behalf of `login`.
   *
   * @param secrets further ones that the work gives to the cloud: they must be in no message
   * @throws {OperationError}
   */
  async use<T>(
    login: CloudLogin,
    work: (session: Session) => Promise<T>,
    secrets: readonly CloudLogin['password'][] = [],
  ): Promise<T> {
    const authUrl = this.#options.authUrls.allowed(login.authUrl);
    const key = fingerprintOf(login);
    const kept = this.#kept.get(key) ?? this.#add(key, login, authUrl);
    kept.uses++;
    try {
      await kept.session.token();
      kept.isGood = true;
      return await work(kept.session);
    } catch (error) {
      if (isRefusedLogin(error) && this.#kept.peek(key) === kept) this.#kept.delete(key);
      throw operationError(error, [login.password, ...secrets]);
    } finally {
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

  #add(key: string, login: CloudLogin, authUrl: string): Kept {
    const session = new Session({ ...this.#options.session, credentials: credentialsOf(login, authUrl) });
    const kept = { session, isGood: false, uses: 0, isDropped: false };
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
