/**
 * A row as it is kept for long: frozen, its lists without room for more, and one text where the row before says the same, since JSON.parse
 * makes every text of every row, and neighbours have their project, their stack and much else in common. It is done for every row that is
 * parsed.
 */
export function keptRow<T>(row: T, before: T | undefined): T {
  return settle(row, before) as T;
}

function settle(value: unknown, before: unknown): unknown {
  if (typeof value === 'string') return value === before ? before : value;
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  const other = (typeof before === 'object' && before !== null ? before : {}) as Record<string, unknown>;
  if (Array.isArray(value)) return Object.freeze(value.map((item, at) => settle(item, other[at])));
  const fields = value as Record<string, unknown>;
  for (const key in fields) {
    const field = fields[key];
    if (typeof field === 'string' ? field === other[key] : typeof field === 'object')
      fields[key] = settle(field, other[key]);
  }
  return Object.freeze(value);
}
