import type { RefObject } from 'preact';
import { useLayoutEffect } from 'preact/hooks';

/** When what has the focus in the box goes away, `next` has it: whoever uses the keyboard stays where they are. */
export function useKeptFocus(box: RefObject<HTMLElement | null>, next: () => HTMLElement | null): void {
  const wasHere = box.current?.contains(document.activeElement);
  useLayoutEffect(() => {
    if (wasHere && document.activeElement === document.body) next()?.focus({ preventScroll: true });
  });
}
