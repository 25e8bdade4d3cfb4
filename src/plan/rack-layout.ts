import type { Device, Rack, RackId } from '../concertim/model.ts';
import type { NewRackKey, RackRef } from './change.ts';
import type { RackKey } from './ownership.ts';
import { maxRackHeight, RackUnits, type Side } from './placement.ts';

/** A rack of a source during planning: an existing one, or one to create. */
export interface Slot {
  readonly ref: RackRef;
  readonly present: Rack | undefined;
  readonly units: RackUnits;
  /** Names in use, be the devices ours or not. */
  readonly names: Set<string>;
  /** How many devices will stand in it, foreign ones included. */
  devices: number;
}

export interface Place {
  readonly slot: Slot;
  readonly startU: number;
}

/**
 * The racks of one source and what stands where. A device that is there never moves; a new one goes to the first free
 * place from its side on; where there is none a rack grows, and where none can grow there is one rack more.
 */
export class RackLayout {
  readonly slots: Slot[] = [];
  readonly #key: RackKey;
  readonly #defaultHeight: number;

  constructor(key: RackKey, racks: readonly Rack[], defaultHeight: number) {
    this.#key = key;
    this.#defaultHeight = defaultHeight;
    for (const rack of racks) this.#add({ kind: 'present', id: rack.id }, rack, rack.height);
  }

  slotOf(rackId: RackId | undefined): Slot | undefined {
    return this.slots.find(({ present }) => present !== undefined && present.id === rackId);
  }

  /** A device that stands there, for good or until it is moved into the racks of another source. */
  keep(slot: Slot, { location, name }: Device, { moves }: { readonly moves: boolean }): void {
    if (!moves) slot.devices++;
    slot.names.add(name);
    if (location) slot.units.occupy(location.startU, location.endU - location.startU + 1);
  }

  /** A device that is taken out just before the next one is placed: its place and its name are free. */
  release(slot: Slot, { location, name }: Device): void {
    slot.devices--;
    slot.names.delete(name);
    if (location) slot.units.release(location.startU, location.endU - location.startU + 1);
  }

  /**
   * @param units the device's height
   * @param preferred where it would like to stand, if that is free
   * @param toCome units of this device and those to be placed after it: a new rack is made high enough for them
   */
  place(
    units: number,
    options: { readonly preferred?: Place | undefined; readonly side: Side; readonly toCome: number },
  ): Place {
    const { preferred, side, toCome } = options;
    if (preferred?.slot.units.fits(preferred.startU, units)) return this.#take(preferred, units);
    for (const slot of this.slots) {
      const startU = slot.units.find(units, side);
      if (startU !== undefined) return this.#take({ slot, startU }, units);
    }
    const slot =
      this.slots.find((slot) => slot.units.growFor(units)) ?? this.addRack(Math.max(units, toCome));
    return this.#take({ slot, startU: slot.units.find(units, side) ?? 1 }, units);
  }

  /** One rack more, high enough for so many units if the portal allows it. */
  addRack(units: number): Slot {
    const height = Math.min(maxRackHeight, Math.max(this.#defaultHeight, units));
    const key = `${this.#key}/${this.slots.length + 1}` as NewRackKey;
    return this.#add({ kind: 'new', key }, undefined, height);
  }

  #take(place: Place, units: number): Place {
    place.slot.units.occupy(place.startU, units);
    place.slot.devices++;
    return place;
  }

  #add(ref: RackRef, present: Rack | undefined, height: number): Slot {
    const slot = { ref, present, units: new RackUnits(height), names: new Set<string>(), devices: 0 };
    this.slots.push(slot);
    return slot;
  }
}
