import { computed, signal } from '@preact/signals';
import type { UserView } from '../../../src/sandbox/view/wire.ts';
import { found } from '../filter.ts';

/** Lengths in px. */
export interface Density {
  readonly name: 'small' | 'large';
  readonly rackWidth: number;
  /** Of one rack unit. */
  readonly unit: number;
}

export const densities = {
  large: { name: 'large', rackWidth: 224, unit: 16 },
  small: { name: 'small', rackWidth: 124, unit: 9 },
} as const satisfies Record<string, Density>;

/** Above this number racks are drawn small, unless the reader chose a size. */
const fewRacks = 60;
/** The size that the reader chose. */
export const chosenDensity = signal<Density | undefined>(undefined);

/** Racks are drawn a little larger or smaller than that where it fits the room better. */
export const density = computed<Density>(() => {
  if (chosenDensity.value) return chosenDensity.value;
  const count = found.value.order.reduce((sum, { racks }) => sum + racks.length, 0);
  return count > fewRacks ? densities.small : densities.large;
});

const gap = 14;
const captionHeight = 34;
const headHeight = 40;
/** Above and below the units, in a rack. */
export const framePadding = 6;
/** How far racks of a row that is not full are stretched, and units to fill the height. */
const stretch = { width: 1.45, least: 0.87, most: 1.6 };

/** Racks side by side, those of a user below the user's name. */
export interface Row {
  readonly top: number;
  readonly height: number;
  readonly racks: readonly { readonly id: number; readonly login: string; readonly left: number }[];
  readonly captions: readonly { readonly user: UserView; readonly left: number; readonly width: number }[];
}

/** Lengths in px. */
export interface Room {
  readonly width: number;
  readonly height: number;
}

export interface RackToPlace {
  readonly id: number;
  readonly user: UserView;
  /** In units. */
  readonly height: number;
}

export function rackHeight(units: number, { unit }: Density): number {
  return headHeight + 2 * framePadding + units * unit;
}

/** Places racks into rows as wide as the room is. */
export function layOut(
  racks: readonly RackToPlace[],
  room: Room,
  wanted: Density,
): { readonly rows: readonly Row[]; readonly height: number; readonly density: Density } {
  const perRow = Math.max(1, Math.floor((room.width + gap) / (wanted.rackWidth + gap)));
  const density = fit(wanted, room, perRow, racks);
  const step = density.rackWidth + gap;
  const rows: Row[] = [];
  let top = 0;
  for (let first = 0; first < racks.length; first += perRow) {
    const inRow = racks.slice(first, first + perRow);
    const placed = inRow.map(({ id, user }, column) => ({ id, login: user.login, left: column * step }));
    const captions: { user: UserView; left: number; width: number }[] = [];
    for (const [column, { user }] of inRow.entries()) {
      const last = captions.at(-1);
      if (last?.user.id === user.id) last.width += step;
      else captions.push({ user, left: column * step, width: density.rackWidth });
    }
    const tallest = Math.max(...inRow.map(({ height }) => rackHeight(height, density)));
    const height = captionHeight + tallest;
    rows.push({ top, height, racks: placed, captions });
    top += height + gap;
  }
  return { rows, height: Math.max(0, top - gap), density };
}

/** Racks share the width of a full row; a whole rack is seen at once where that is possible, a single row fills the height. */
function fit(wanted: Density, room: Room, perRow: number, racks: readonly RackToPlace[]): Density {
  if (racks.length === 0) return wanted;
  const isOneRow = racks.length <= perRow;
  const columns = Math.min(perRow, racks.length);
  const shared = Math.floor((room.width + gap) / columns) - gap;
  const widest = racks.length < perRow ? Math.floor(wanted.rackWidth * stretch.width) : shared;
  const tallest = Math.max(...racks.map(({ height }) => height));
  const unit = Math.floor((room.height - captionHeight - rackHeight(0, wanted)) / tallest);
  const most = isOneRow ? wanted.unit * stretch.most : wanted.unit;
  return {
    ...wanted,
    rackWidth: Math.max(wanted.rackWidth, Math.min(shared, widest)),
    unit: unit < wanted.unit * stretch.least ? wanted.unit : Math.min(unit, Math.floor(most)),
  };
}
