import type { Session } from '../openstack/session.ts';
import { operationError } from './operation-error.ts';
import { whereFound } from './where-found.ts';

type Sessions = readonly [Session, ...Session[]];

/** The clouds by this service's own accounts, for requests that come without credentials. */
export class OwnCloud {
  readonly #sessions: Sessions;

  /** @param sessions one of each cloud */
  constructor(...sessions: Sessions) {
    this.#sessions = sessions;
  }

  /**
   * In each of the clouds, side by side.
   *
   * @throws {OperationError} one of them failed
   */
  async each<T>(work: (session: Session) => Promise<T>): Promise<T[]> {
    return Promise.all(this.#sessions.map((session) => named(session, work)));
  }

  /**
   * Something about a project: in the first region of the Keystone that has it.
   *
   * @throws {OperationError} not-found: none has it
   */
  async inKeystoneOf<T>(work: (session: Session) => Promise<T>): Promise<T> {
    const keystones = new Map(this.#sessions.toReversed().map((session) => [session.keystone, session]));
    const firsts = this.#sessions.filter((session) => keystones.get(session.keystone) === session);
    return whereFound(firsts, work);
  }

  /** Those of the clouds that a caller's session is of; of all, where the caller uses another address of a Keystone. */
  of(caller: Session): OwnCloud {
    const same = this.#sessions.filter((session) => session.keystone === caller.keystone);
    const [first, ...others] = same;
    return first ? new OwnCloud(first, ...others) : this;
  }
}

async function named<T>(session: Session, work: (session: Session) => Promise<T>): Promise<T> {
  try {
    return await work(session);
  } catch (error) {
    throw operationError(error, [], session);
  }
}
