import { signal } from '@preact/signals';
import type { LagView } from '../../src/sandbox/view/wire.ts';

/** Something that happened: in the cloud by itself, or in the portal after so many ms. */
export interface Happening {
  readonly key: number;
  /** Ms since 1970. */
  readonly at: number;
  readonly told: string;
  readonly lagMs: number | undefined;
}

const mostHappenings = 60;
const mostLags = 50;

/** The newest first. */
export const happenings = signal<readonly Happening[]>([]);
/** Of the last changes, the newest last. */
export const lags = signal<readonly number[]>([]);
let made = 0;

export function tell(told: string, lagMs?: number): void {
  const happening = { key: ++made, at: Date.now(), told, lagMs };
  happenings.value = [happening, ...happenings.peek()].slice(0, mostHappenings);
}

export function measured(found: readonly LagView[]): void {
  if (found.length === 0) return;
  lags.value = [...lags.peek(), ...found.map(({ ms }) => ms)].slice(-mostLags);
  for (const { name, ms } of found.slice(-5)) tell(`${name} shown in the portal`, ms);
}

/** The middle one of some figures. */
export function median(values: readonly number[]): number | undefined {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}
