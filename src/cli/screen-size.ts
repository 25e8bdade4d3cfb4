/** Of a terminal or of what stands in for one. */
export interface ScreenSize {
  readonly columns: number;
  readonly rows: number;
}

/**
 * How much fits on a screen: infinitely much where there is none, and where nobody has set a size. A serial console and a
 * pseudo-terminal that a program opened say 0 columns and 0 rows.
 */
export function screenSize({
  columns,
  rows,
}: Partial<Pick<NodeJS.WriteStream, 'columns' | 'rows'>>): ScreenSize {
  return { columns: columns || Number.POSITIVE_INFINITY, rows: rows || Number.POSITIVE_INFINITY };
}
