import type { Logger } from '../observability/logger.ts';
import { CatalogError } from '../openstack/catalog.ts';
import type { ExternalNetworks as Networks } from '../openstack/model.ts';
import { readExternalNetworks } from '../openstack/network.ts';
import type { Session } from '../openstack/session.ts';
import { explain } from '../runtime/severity.ts';

const none: Networks = { names: new Set(), addresses: new Map() };

/**
 * Which networks lead out of the cloud: it decides whether an address counts as public. Networks hardly ever change and
 * Neutron may be down, so the last answer serves until there is a new one; the first must be had, because without it
 * every provider address would change sides, and back again with the next run.
 */
export class ExternalNetworks {
  readonly #log: Logger;
  #known: Networks | undefined;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** The last answer, or a first one. */
  async get(session: Session, signal?: AbortSignal): Promise<Networks> {
    return this.#known ?? this.read(session, signal);
  }

  /**
   * A new answer where it can be had: the same object as long as it says the same, so that a plan need not compare by it
   * again. A cloud that never had a Neutron has no such networks.
   */
  async read(session: Session, signal?: AbortSignal): Promise<Networks> {
    try {
      return this.#keep(await readExternalNetworks(session, signal));
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

  #keep(networks: Networks): Networks {
    const known = this.#known;
    if (known && isSame(known, networks)) return known;
    this.#known = networks;
    return networks;
  }
}

function isSame(a: Networks, b: Networks): boolean {
  const areSame = (one: ReadonlySet<string>, other: ReadonlySet<string> | undefined) =>
    one.size === other?.size && [...one].every((item) => other.has(item));
  if (!areSame(a.names, b.names) || a.addresses.size !== b.addresses.size) return false;
  return [...a.addresses].every(([server, addresses]) => areSame(addresses, b.addresses.get(server)));
}
