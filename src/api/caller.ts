import type { FastifyRequest } from 'fastify';
import type { Logger } from '../observability/logger.ts';
import type { Audit } from '../operations/audit.ts';
import { type CloudLogin, fingerprint, fingerprintOf } from '../operations/cloud-login.ts';
import type { CloudSessions } from '../operations/cloud-sessions.ts';
import type { Repeats } from '../operations/repeats.ts';
import { peerNetwork } from '../runtime/peer-network.ts';
import type { Secret } from '../runtime/secret.ts';

/** A session with the cloud, as operations take it. */
type CloudSession = Parameters<Parameters<CloudSessions['use']>[1]>[0];
type Work<T> = (session: CloudSession, audit: Audit) => Promise<T>;

declare module 'fastify' {
  interface FastifyRequest {
    /** A good token came with it: the portal or the cluster builder calls. */
    isPortal: boolean;
  }
}

export interface CallerOptions {
  readonly sessions: CloudSessions;
  readonly repeats: Repeats;
  readonly log: Logger;
}

/** A call that its caller may repeat. */
export interface RepeatableCall {
  /** What it changes, such as `team oscar`. */
  readonly about: string;
  /** The wanted state, secrets revealed: calls that differ in it are different calls. */
  readonly draft: unknown;
  /** Secrets in it: they must be in no message. */
  readonly secrets?: readonly Secret[];
}

/** Works in the cloud on behalf of a caller, with the credentials in the request. */
export class Caller {
  readonly #options: CallerOptions;

  constructor(options: CallerOptions) {
    this.#options = options;
  }

  /** Does the work with a session of the caller's. */
  async use<T>(
    request: FastifyRequest,
    login: CloudLogin,
    work: Work<T>,
    secrets: readonly Secret[] = [],
  ): Promise<T> {
    const from = request.isPortal ? undefined : peerNetwork(request.ip);
    const audit = this.audit(request, login);
    return this.#options.sessions.use(
      { ...login, from },
      (session) => work(session, (event) => audit({ cloud: session.cloud, ...event })),
      secrets,
    );
  }

  /** The same, for work that is not to be done twice side by side. */
  async once<T>(
    request: FastifyRequest,
    login: CloudLogin,
    { about, draft, secrets }: RepeatableCall,
    work: Work<T>,
  ): Promise<T> {
    const key = fingerprint([about, fingerprintOf(login), draft]);
    return this.#options.repeats.run({ about, key }, () => this.use(request, login, work, secrets));
  }

  /** Who has to account for what was done in the cloud finds it here, by whose word and by which request. */
  audit({ id: requestId, ip: from }: FastifyRequest, login: CloudLogin | undefined): Audit {
    const behalf = login && ('id' in login.user ? login.user.id : login.user.name);
    const project = login && ('id' in login.project ? login.project.id : login.project.name);
    return (event) =>
      this.#options.log.info(
        { ...event, behalf: behalf ?? 'the portal', project, from, requestId },
        'changed in the cloud',
      );
  }
}
