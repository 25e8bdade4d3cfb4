import type { Address } from './compute.ts';
import type { Ids } from './ids.ts';
import type { Timeline } from './timeline.ts';

/** Neutron: a network. Read it freely; only `Networking` changes it. */
export interface Network {
  readonly id: string;
  name: string;
  readonly projectId: string;
  readonly isExternal: boolean;
  readonly isShared: boolean;
  readonly subnetId: string;
  /** Any text: tests let Neutron learn new ones. */
  status: string;
  adminStateUp: boolean;
  /** Bytes */
  readonly mtu: number;
  readonly portSecurityEnabled: boolean;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  updatedAt: number;
}

export type NetworkDraft = Pick<Network, 'name' | 'projectId' | 'createdAt'> & Partial<Network>;

/** What may be changed of a network that is there. */
export type NetworkChanges = Partial<Pick<Network, 'name' | 'status' | 'adminStateUp'>>;

/** Said for each step that Neutron would announce: `type` as in its notifications. */
export type NetworkingEvent = NetworkEvent | FloatingIpEvent;

export interface NetworkEvent {
  readonly type: `network.${string}`;
  readonly network: Network;
}

/** A floating IP was given to a server's port, or taken from it. */
export interface FloatingIpEvent {
  readonly type: 'floatingip.update.end';
  readonly floatingIp: Pick<FloatingIp, 'id' | 'address' | 'projectId' | 'portId'>;
  /** undefined: it leads to none. */
  readonly serverId: string | undefined;
  readonly fixed: Address;
}

export interface Port {
  readonly id: string;
  readonly name: string;
  readonly projectId: string;
  readonly networkId: string;
  /** `compute:nova`, `network:router_interface`; '' for one that nothing is plugged into. */
  readonly deviceOwner: string;
  readonly deviceId: string;
  /** Fixed ones. */
  readonly addresses: readonly string[];
}

export interface Router {
  readonly id: string;
  readonly name: string;
  readonly projectId: string;
}

export interface FloatingIp {
  readonly id: string;
  readonly address: string;
  readonly projectId: string;
  /** The port that it leads to, by which router; null for none. */
  readonly portId: string | null;
  readonly routerId: string | null;
}

/** The blocks that addresses are given from, each an IPv4 network whose hosts are counted through. */
const fixedBlock = { first: [10, 10, 0, 0], size: 2 ** 20 } as const;
/** 198.18.0.0/15, which is set aside for tests of networks: 131,072 addresses. */
const floatingBlock = { first: [198, 18, 0, 0], size: 2 ** 17 } as const;

/** Neutron's state, as far as it shows: networks and addresses. Nothing gives an address back. */
export class Networking {
  readonly networks = new Map<string, Network>();
  readonly ports = new Map<string, Port>();
  readonly routers = new Map<string, Router>();
  readonly floatingIps = new Map<string, FloatingIp>();
  readonly #timeline: Timeline;
  readonly #ids: Ids;
  readonly #onEvent: (event: NetworkingEvent) => void;
  #fixed = 0;
  #floating = 0;

  constructor(options: { timeline: Timeline; ids: Ids; onEvent: (event: NetworkingEvent) => void }) {
    this.#timeline = options.timeline;
    this.#ids = options.ids;
    this.#onEvent = options.onEvent;
  }

  /** Adds a network that exists since `createdAt`: how a population is made. */
  addNetwork(draft: NetworkDraft): Network {
    const network: Network = {
      id: this.#ids.uuid(),
      subnetId: this.#ids.uuid(),
      isExternal: false,
      isShared: false,
      status: 'ACTIVE',
      adminStateUp: true,
      mtu: draft.isExternal ? 1500 : 1450,
      portSecurityEnabled: true,
      updatedAt: draft.createdAt,
      ...draft,
    };
    this.networks.set(network.id, network);
    return network;
  }

  addPort(draft: Pick<Port, 'projectId' | 'networkId'> & Partial<Port>): Port {
    const port = { id: this.#ids.uuid(), name: '', deviceOwner: '', deviceId: '', addresses: [], ...draft };
    this.ports.set(port.id, port);
    return port;
  }

  addRouter(draft: Omit<Router, 'id'>): Router {
    const router = { id: this.#ids.uuid(), ...draft };
    this.routers.set(router.id, router);
    return router;
  }

  addFloatingIp(draft: Omit<FloatingIp, 'id'>): FloatingIp {
    const floatingIp = { id: this.#ids.uuid(), ...draft };
    this.floatingIps.set(floatingIp.id, floatingIp);
    return floatingIp;
  }

  /** Neutron creates it before it answers the request. */
  createNetwork(draft: Omit<NetworkDraft, 'createdAt'>): Network {
    const network = this.addNetwork({ ...draft, createdAt: this.#timeline.now() });
    this.#tell('create.end', network);
    return network;
  }

  changeNetwork(id: string, changes: NetworkChanges): void {
    const network = this.networks.get(id);
    if (!network) throw new Error(`The sandbox has no network ${id}.`);
    Object.assign(network, changes, { updatedAt: this.#timeline.now() });
    this.#tell('update.end', network);
  }

  deleteNetwork(id: string): void {
    const network = this.networks.get(id);
    if (!network) return;
    this.networks.delete(id);
    this.#tell('delete.end', network);
  }

  /** The next free address of a port on the network of that name. */
  fixedAddress(network: string): Address {
    return {
      network,
      address: nth(fixedBlock, ++this.#fixed),
      version: 4,
      type: 'fixed',
      mac: this.#ids.mac(),
    };
  }

  /** The next free floating address, for the port of a fixed one. */
  floatingAddress(fixed: Address): Address {
    return { ...fixed, address: nth(floatingBlock, ++this.#floating), type: 'floating' };
  }

  /** Neutron is the only one to announce it: Nova reads the new addresses, and announces nothing. */
  announceFloatingIp(
    { address, fixed }: { address: Address; fixed: Address },
    { id, projectId, isGiven }: { id: string; projectId: string; isGiven: boolean },
  ): void {
    this.#onEvent({
      type: 'floatingip.update.end',
      floatingIp: {
        id: this.#ids.uuid(),
        address: address.address,
        projectId,
        portId: isGiven ? this.#ids.uuid() : null,
      },
      serverId: isGiven ? id : undefined,
      fixed,
    });
  }

  #tell(what: string, network: Network): void {
    this.#onEvent({ type: `network.${what}`, network });
  }
}

function nth(
  block: { first: readonly [number, number, number, number]; size: number },
  count: number,
): string {
  const [a, b, c, d] = block.first;
  const host = ((a * 256 + b) * 256 + c) * 256 + d + (count % block.size);
  return [host >>> 24, (host >>> 16) & 255, (host >>> 8) & 255, host & 255].join('.');
}
