import type { Clock } from '../../runtime/clock.ts';
import type { Server } from '../cloud/compute.ts';
import type { LagView } from './wire.ts';

/**
 * Measures how long the portal takes to show what has happened to a server: from a change of what there is to be seen of
 * it to the next change of its device.
 */
export class LagWatch {
  readonly #clock: Clock;
  /** What was to be seen of each server when it last changed. */
  readonly #seen = new Map<string, string>();
  /** Servers whose change the portal does not show yet, and since when. */
  readonly #waiting = new Map<string, { readonly since: number; readonly name: string }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** What is there already is waited for by nobody. */
  begin(servers: Iterable<Server>): void {
    for (const server of servers) this.#seen.set(server.id, visible(server));
  }

  serverChanged(server: Server): void {
    const now = visible(server);
    if (this.#seen.get(server.id) === now) return;
    this.#waiting.set(server.id, { since: this.#clock.now(), name: server.name });
    if (server.deleted) this.#seen.delete(server.id);
    else this.#seen.set(server.id, now);
  }

  /** The device of a server came, changed or went. */
  deviceChanged(serverId: string): LagView | undefined {
    const waiting = this.#waiting.get(serverId);
    if (!waiting) return undefined;
    this.#waiting.delete(serverId);
    return { name: waiting.name, ms: this.#clock.now() - waiting.since };
  }

  end(): void {
    this.#seen.clear();
    this.#waiting.clear();
  }
}

/** The portal does not tell one thing that is done to a server from another. */
function visible({ vmState, taskState, name, flavor, addresses, deleted }: Server): string {
  const isAtRest = taskState === null && vmState !== 'building';
  const state = isAtRest ? vmState : 'in progress';
  return [state, deleted, name, flavor.id, ...addresses.map(({ address }) => address)].join(' ');
}
