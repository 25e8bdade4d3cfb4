/** Each row once, as it came last: of two that are one, one would be taken for surplus and deleted. */
export function eachOnce<Row extends { readonly id: unknown }>(rows: readonly Row[]): Row[] {
  return [...new Map(rows.map((row) => [row.id, row])).values()];
}
