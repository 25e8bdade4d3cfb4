/** The most that the portal allows. */
export const maxRackHeight = 72;

import type { PortalProfile } from '../concertim/profile.ts';
import type { Kind } from '../openstack/model.ts';

/** The end of the rack at which the search for a free place begins. */
export type Side = 'top' | 'bottom';

/** In releases that show volumes and networks: networks at the top, servers with their volumes at the bottom. */
const sides: Readonly<Record<Kind, Side>> = { server: 'bottom', volume: 'bottom', network: 'top' };

/** The side of the rack that a new device is placed at. */
export function sideOf(kind: Kind, { deviceKinds }: Pick<PortalProfile, 'deviceKinds'>): Side {
  return deviceKinds === 'bare' || deviceKinds === 'flat' ? 'top' : sides[kind];
}

/** The units of one rack. The portal itself checks only the lowest unit of a device, so this map must be right. */
export class RackUnits {
  #height: number;
  /** How many devices cover a unit: the portal allows more than one. Units count from 1 at the bottom. */
  readonly #taken: number[] = [];

  constructor(height: number) {
    this.#height = height;
  }

  get height(): number {
    return this.#height;
  }

  occupy(startU: number, units: number): void {
    this.#count(startU, units, 1);
  }

  release(startU: number, units: number): void {
    this.#count(startU, units, -1);
  }

  fits(startU: number, units: number): boolean {
    if (startU < 1 || startU + units - 1 > this.#height) return false;
    for (let u = startU; u < startU + units; u++) if (this.#taken[u]) return false;
    return true;
  }

  /** The lowest unit of the free place nearest to that side; undefined: there is none. */
  find(units: number, side: Side): number | undefined {
    const highest = this.#height - units + 1;
    for (let away = 0; away < highest; away++) {
      const startU = side === 'top' ? highest - away : 1 + away;
      if (this.fits(startU, units)) return startU;
    }
    return undefined;
  }

  /** Grows so that `units` more fit on top of what is free there; by as little as will do, or not at all. */
  growFor(units: number): boolean {
    let free = 0;
    while (free < this.#height && !this.#taken[this.#height - free]) free++;
    const missing = units - free;
    if (missing <= 0) return true;
    if (this.#height + missing > maxRackHeight) return false;
    this.#height += missing;
    return true;
  }
  #count(startU: number, units: number, more: 1 | -1): void {
    for (let u = startU; u < startU + units; u++) this.#taken[u] = (this.#taken[u] ?? 0) + more;
  }
}
