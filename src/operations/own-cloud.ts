import type { Session } from '../openstack/session.ts';
import { operationError } from './operation-error.ts';

/** The cloud by this service's own account, for requests that come without credentials. */
export class OwnCloud {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  /** @throws {OperationError} */
  async use<T>(work: (session: Session) => Promise<T>): Promise<T> {
    try {
      return await work(this.#session);
    } catch (error) {
      throw operationError(error, []);
    }
  }
}
