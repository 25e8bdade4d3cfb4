/** A length for a style: numbers by themselves are none. */
export function px(length: number): string {
  return `${length}px`;
}
