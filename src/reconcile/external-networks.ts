import type { Logger } from '../observability/logger.ts';
import { CatalogError } from '../openstack/catalog.ts';
import type { ExternalNetworks as Networks, Server, Unreadable } from '../openstack/model.ts';
import { readExternalNetworks } from '../openstack/network.ts';
import type { Session } from '../openstack/session.ts';
import { explain } from '../runtime/severity.ts';

const none: Networks = { names: new Set(), sharedNames: new Set(), addresses: new Map() };

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

  /**
   * For what is shown of these servers: the last answer, unless one of them is on a network that has the name of an external one.
   * Since then anybody may have given that name to an internal network, so Neutron is queried again; most servers are on none.
   */
  async get(
    session: Session,
    servers: Iterable<Server | Unreadable<Server['id']>>,
    signal?: AbortSignal,
  ): Promise<Networks> {
    const known = this.#known;
    if (!known) return this.read(session, signal);
    for (const server of servers)
      if (server.kind === 'server' && isInQuestion(server, known)) return this.read(session, signal);
    return known;
  }

  /** Reads them again. @returns whether they differ from the last answer: any server may then have another public address */
  async haveChanged(session: Session, signal?: AbortSignal): Promise<boolean> {
    const before = this.#known;
    return before !== undefined && (await this.read(session, signal)) !== before;
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

/** A floating address is public whatever its network is called. */
function isInQuestion({ addresses }: Server, { names, sharedNames }: Networks): boolean {
  return addresses.some(
    ({ type, network }) => type === 'fixed' && (names.has(network) || sharedNames.has(network)),
  );
}

function isSame(a: Networks, b: Networks): boolean {
  const areSame = (one: ReadonlySet<string>, other: ReadonlySet<string> | undefined) =>
    one.size === other?.size && [...one].every((item) => other.has(item));
  if (!areSame(a.names, b.names) || !areSame(a.sharedNames, b.sharedNames)) return false;
  if (a.addresses.size !== b.addresses.size) return false;
  return [...a.addresses].every(([server, addresses]) => areSame(addresses, b.addresses.get(server)));
}
