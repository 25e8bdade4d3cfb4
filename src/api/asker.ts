import type { FastifyRequest } from 'fastify';
import type { CloudLogin } from '../operations/cloud-login.ts';
import type { CloudSessions } from '../operations/cloud-sessions.ts';
import { OperationError } from '../operations/operation-error.ts';
import type { Clock } from '../runtime/clock.ts';
import { FailedLogins } from './failed-logins.ts';
import { Problem } from './problem.ts';

type Work<T> = Parameters<typeof CloudSessions.prototype.use<T>>[1];

/** Does what requests ask for on behalf of those whose credentials are in them, and keeps count of the wrong ones. */
export class Asker {
  readonly #sessions: CloudSessions;
  readonly #failures: FailedLogins;

  constructor(sessions: CloudSessions, clock: Clock) {
    this.#sessions = sessions;
    this.#failures = new FailedLogins(clock);
  }

  /** With a session of theirs. */
  async use<T>(request: FastifyRequest, login: CloudLogin, work: Work<T>): Promise<T> {
    return this.counted(request, login, () => this.#sessions.use(login, work));
  }

  /**
   * By something that has sessions itself.
   *
   * @throws {Problem} 429: too many logins from there have failed, and this one would be another login
   */
  async counted<T>(request: FastifyRequest, login: CloudLogin, work: () => Promise<T>): Promise<T> {
    const waitS = this.#failures.waitS(request.ip);
    if (waitS > 0 && !this.#sessions.isGood(login)) {
      throw new Problem(429, `Too many logins have failed. Try again in ${waitS} s.`, {
        'retry-after': String(waitS),
      });
    }
    try {
      return await work();
    } catch (error) {
      if (error instanceof OperationError && error.kind === 'unauthorized') this.#failures.count(request.ip);
      throw error;
    }
  }
}
