import { signal } from '@preact/signals';
import type { UserView } from '../../../src/sandbox/view/wire.ts';

/** Lengths in px. */
export interface Density {
  readonly name: 'small' | 'large';
  readonly rackWidth: number;
  /** Of one rack unit. */
  readonly unit: number;
}

export const densities = {
  large: { name: 'large', rackWidth: 244, unit: 16 },
  small: { name: 'small', rackWidth: 124, unit: 9 },
} as const satisfies Record<string, Density>;

export const density = signal<Density>(densities.large);

export const gap = 14;
export const captionHeight = 34;
export const headHeight = 40;
/** Above and below the units, in a rack. */
export const framePadding = 6;

/** Racks side by side, those of a user below the user's name. */
export interface Row {
  readonly top: number;
  readonly height: number;
  readonly racks: readonly { readonly id: number; readonly left: number }[];
  readonly captions: readonly { readonly user: UserView; readonly left: number; readonly width: number }[];
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
  width: number,
  density: Density,
): { readonly rows: readonly Row[]; readonly height: number } {
  const step = density.rackWidth + gap;
  const perRow = Math.max(1, Math.floor((width + gap) / step));
  const rows: Row[] = [];
  let top = 0;
  for (let first = 0; first < racks.length; first += perRow) {
    const inRow = racks.slice(first, first + perRow);
    const placed = inRow.map(({ id }, column) => ({ id, left: column * step }));
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
  return { rows, height: Math.max(0, top - gap) };
}
