import { signal } from '@preact/signals';

/** What the panel at the side is about. */
export type Selection = { readonly kind: 'rack' | 'device'; readonly id: number };

export const selected = signal<Selection | undefined>(undefined);
/** Of the two sides, the one that is seen where there is room for one. */
export const side = signal<'portal' | 'cloud'>('portal');

export function isSelected(kind: Selection['kind'], id: number): boolean {
  return selected.value?.kind === kind && selected.value.id === id;
}
