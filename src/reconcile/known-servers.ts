import { isListed, readChangedServers, readServers } from '../openstack/compute.ts';
import type { Server, ServerId, Unreadable } from '../openstack/model.ts';
import type { Session } from '../openstack/session.ts';
import { equal } from '../plan/difference.ts';
import { isoTime } from '../runtime/clock.ts';
import { clocksApartMs } from './clocks-apart.ts';
import { KeptRows } from './kept-rows.ts';

type Row = Server | Unreadable<ServerId>;

/** The servers of the cloud, and which of them Nova reports as deleted. */
export interface SeenServers {
  /** The same map until one of them differs. */
  readonly servers: ReadonlyMap<ServerId, Row>;
  readonly deleted: ReadonlySet<ServerId>;
  readonly isComplete: boolean;
}

/**
 * The servers of the last complete list, brought up to date by what has changed since: an idle cloud of 50,000 servers is one request
 * instead of 50. Always since that list, so that what one answer lacks, such as the servers of a cell that was down, comes with a later one.
 */
export class KnownServers {
  readonly #rows = new KeptRows<ServerId, Row>();
  /** Nova's clock when the complete list was begun, ms since 1970; undefined: a complete list is needed. */
  #at: number | undefined;
  /** What was read before something was forgotten must not be kept. */
  #forgotten = 0;
  readonly #onChanged: (id: ServerId) => void;

  /** @param onChanged called while a list is read, with each server whose row differs from what was known */
  constructor(onChanged: (id: ServerId) => void = () => {}) {
    this.#onChanged = onChanged;
  }

  /** Has the next reading be that of a complete list. */
  forget(): void {
    this.#at = undefined;
    this.#forgotten++;
  }

  /** Takes note of servers as they were queried by id; undefined: there is no such server. */
  note(answers: ReadonlyMap<ServerId, Row | undefined>): void {
    for (const [id, answer] of answers) {
      if (answer && isListed(answer)) this.#rows.set(id, answer);
      else this.#rows.delete(id);
    }
  }

  /** @param isComplete whether the complete list must be read */
  async read(session: Session, isComplete: boolean, signal?: AbortSignal): Promise<SeenServers> {
    const deleted = new Set<ServerId>();
    const at = isComplete ? undefined : this.#at;
    if (at === undefined) {
      const forgotten = this.#forgotten;
      const list = await readServers(session, { signal, onNew: (row) => this.#tellChanged(row) });
      this.#rows.replace(new Map(list.servers.map((server) => [server.id, server])));
      this.#at = forgotten === this.#forgotten ? list.at : undefined;
    } else {
      const since = isoTime(at - clocksApartMs);
      const changed = await readChangedServers(session, { since, signal });
      this.note(new Map(changed.servers.map((server) => [server.id, server])));
      for (const id of changed.deleted) {
        this.#rows.delete(id);
        deleted.add(id);
      }
    }
    return { servers: this.#rows.all, deleted, isComplete: at === undefined };
  }

  #tellChanged(row: Row): void {
    const known = this.#rows.get(row.id);
    if (known && !equal(known, row)) this.#onChanged(row.id);
  }
}
