import type { Logger } from '../observability/logger.ts';
import { CatalogError } from '../openstack/catalog.ts';
import { listExternalNetworks } from '../openstack/network.ts';
import type { Session } from '../openstack/session.ts';
import { explain } from '../runtime/severity.ts';

const none: ReadonlySet<string> = new Set();

/**
 * Which networks lead out of the cloud: it decides whether an address counts as public. Networks hardly ever change and
 * Neutron may be down, so the last answer serves until there is a new one; the first must be had, because without it
 * every provider address would change sides, and back again with the next run.
 */
export class ExternalNetworks {
  readonly #log: Logger;
  #known: ReadonlySet<string> | undefined;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** The last answer, or a first one. */
  async get(session: Session, signal?: AbortSignal): Promise<ReadonlySet<string>> {
    return this.#known ?? this.read(session, signal);
  }

  /**
   * A new answer where it can be had: the same object as long as it says the same, so that a plan need not compare by it
   * again. A cloud that never had a Neutron has no such networks.
   */
  async read(session: Session, signal?: AbortSignal): Promise<ReadonlySet<string>> {
    try {
      return this.#keep(new Set(await listExternalNetworks(session, signal)));
    } catch (error) {
      signal?.throwIfAborted();
      if (this.#known)
        this.#log.warn(
          { err: error, why: explain(error) },
          'failed to refresh external networks, last known ones used',
        );
      else if (!(error instanceof CatalogError)) throw error;
      return this.#known ?? none;
    }
  }

  #keep(networks: ReadonlySet<string>): ReadonlySet<string> {
    const known = this.#known;
    if (known?.size === networks.size && [...networks].every((name) => known.has(name))) return known;
    this.#known = networks;
    return networks;
  }
}
