import type { RefObject } from 'preact';
import { useLayoutEffect } from 'preact/hooks';

/** When the focused element in the box is removed, `next` gets the focus, so that keyboard users keep their place. */
export function useKeptFocus(box: RefObject<HTMLElement | null>, next: () => HTMLElement | null): void {
  const wasHere = box.current?.contains(document.activeElement);
  useLayoutEffect(() => {
    if (wasHere && document.activeElement === document.body) next()?.focus({ preventScroll: true });
  });
}
