import type { FastifyRequest } from 'fastify';
import type { CloudLogin } from '../operations/cloud-login.ts';
import type { CloudSessions } from '../operations/cloud-sessions.ts';

type Work<T> = Parameters<typeof CloudSessions.prototype.use<T>>[1];

declare module 'fastify' {
  interface FastifyRequest {
    /** A good token came with it: it is the portal, or the cluster builder, that asks. */
    isPortal: boolean;
  }
}

/** Does what requests ask for on behalf of those whose credentials are in them. */
export class Asker {
  readonly #sessions: CloudSessions;

  constructor(sessions: CloudSessions) {
    this.#sessions = sessions;
  }

  /** With a session of theirs. */
  async use<T>(request: FastifyRequest, login: CloudLogin, work: Work<T>): Promise<T> {
    return this.#sessions.use(loginFrom(request, login), work);
  }
}

/** The login, with where it comes from. */
export function loginFrom({ isPortal, ip }: FastifyRequest, login: CloudLogin): CloudLogin {
  return { ...login, from: isPortal ? undefined : ip };
}
