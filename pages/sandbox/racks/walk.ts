import { computed, signal } from '@preact/signals';
import { found } from '../filter.ts';
import { device, rackContents } from '../portal.ts';

/** Where the keyboard is among the racks: a device, or the head of a rack above its devices. */
export interface Place {
  readonly rackId: number;
  /** undefined: the head. */
  readonly deviceId: number | undefined;
}

const reached = signal<Place | undefined>(undefined);
const ids = computed(() => found.value.order.flatMap(({ racks }) => racks));

/** One place takes the focus of the Tab key; the arrows lead to the others. */
export const current = computed<Place | undefined>(() => {
  const place = reached.value;
  if (place && ids.value.includes(place.rackId)) {
    const isThere = place.deviceId === undefined || device(place.deviceId)?.rackId === place.rackId;
    return isThere ? place : { ...place, deviceId: undefined };
  }
  const [rackId] = ids.value;
  return rackId === undefined ? undefined : { rackId, deviceId: undefined };
});

export function isCurrent(kind: 'rack' | 'device', id: number): boolean {
  const place = current.value;
  return kind === 'rack' ? place?.rackId === id && place.deviceId === undefined : place?.deviceId === id;
}

export function goTo(place: Place): void {
  reached.value = place;
}

/** Where an arrow key leads; undefined for other keys, and at the ends. */
export function neighbour(place: Place, key: string): Place | undefined {
  const { rackId, deviceId } = place;
  const inRack = [undefined, ...(rackContents(rackId)?.devices.map(({ id }) => id) ?? [])];
  const at = inRack.indexOf(deviceId);
  switch (key) {
    case 'ArrowDown':
      return at + 1 < inRack.length ? { rackId, deviceId: inRack[at + 1] } : undefined;
    case 'ArrowUp':
      return at > 0 ? { rackId, deviceId: inRack[at - 1] } : undefined;
    case 'ArrowRight':
    case 'ArrowLeft': {
      const next = ids.value[ids.value.indexOf(rackId) + (key === 'ArrowRight' ? 1 : -1)];
      return next === undefined ? undefined : { rackId: next, deviceId: nearest(next, deviceId) };
    }
    case 'Home':
      return { rackId: ids.value[0] ?? rackId, deviceId: undefined };
    case 'End':
      return { rackId: ids.value.at(-1) ?? rackId, deviceId: undefined };
    default:
      return undefined;
  }
}

/** The device of a rack that stands about as high; from a head to a head. */
function nearest(rackId: number, deviceId: number | undefined): number | undefined {
  if (deviceId === undefined) return undefined;
  const height = device(deviceId)?.startU ?? 0;
  const far = (id: number) => Math.abs((device(id)?.startU ?? 0) - height);
  const candidates = rackContents(rackId)?.devices.map(({ id }) => id) ?? [];
  return candidates.toSorted((a, b) => far(a) - far(b))[0];
}
