import { signal } from '@preact/signals';
import type { HappeningView, LagView } from '../../src/sandbox/view/wire.ts';

/** Something that happened: in the cloud by itself, or in the portal after so many ms. */
export interface Happening extends HappeningView {
  readonly key: number;
}

const mostHappenings = 60;
const mostLags = 50;

/** The newest first. */
export const happenings = signal<readonly Happening[]>([]);
/** Of the last changes, the newest last, ms. */
export const lags = signal<readonly number[]>([]);
let made = 0;

export function addHappening(happening: HappeningView): void {
  happenings.value = [{ key: ++made, ...happening }, ...happenings.peek()].slice(0, mostHappenings);
}

/** What happened before the page was opened, or while it had lost the connection. */
export function remember(happened: readonly HappeningView[]): void {
  happenings.value = [];
  for (const each of happened) addHappening(each);
  lags.value = happened.flatMap(({ lagMs }) => lagMs ?? []);
}

export function measured(found: readonly LagView[]): void {
  if (found.length === 0) return;
  lags.value = [...lags.peek(), ...found.map(({ ms }) => ms)].slice(-mostLags);
}

/** The middle one of some figures. */
export function median(values: readonly number[]): number | undefined {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}
