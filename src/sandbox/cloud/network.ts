import type { Address } from './compute.ts';
import type { Ids } from './ids.ts';

export interface Network {
  readonly id: string;
  readonly name: string;
  readonly projectId: string;
  readonly isExternal: boolean;
  readonly isShared: boolean;
  readonly subnetId: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

export interface Port {
  readonly id: string;
  readonly name: string;
  readonly projectId: string;
  readonly networkId: string;
  /** `compute:nova`, `network:router_interface`; '' for one that nothing is plugged into. */
  readonly deviceOwner: string;
  readonly deviceId: string;
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
  readonly #ids: Ids;
  #fixed = 0;
  #floating = 0;

  constructor(ids: Ids) {
    this.#ids = ids;
  }

  addNetwork(draft: Pick<Network, 'name' | 'projectId' | 'createdAt'> & Partial<Network>): Network {
    const network = {
      id: this.#ids.uuid(),
      subnetId: this.#ids.uuid(),
      isExternal: false,
      isShared: false,
      ...draft,
    };
    this.networks.set(network.id, network);
    return network;
  }

  addPort(draft: Pick<Port, 'projectId' | 'networkId'> & Partial<Port>): Port {
    const port = { id: this.#ids.uuid(), name: '', deviceOwner: '', deviceId: '', ...draft };
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
}

function nth(
  block: { first: readonly [number, number, number, number]; size: number },
  count: number,
): string {
  const [a, b, c, d] = block.first;
  const host = ((a * 256 + b) * 256 + c) * 256 + d + (count % block.size);
  return [host >>> 24, (host >>> 16) & 255, (host >>> 8) & 255, host & 255].join('.');
}
