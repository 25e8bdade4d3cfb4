/** A value as PostgreSQL gives it back from a jsonb column: keys by length, then by their bytes. */
export function jsonb<T>(value: T): T {
  return ordered(value) as T;
}

function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, member]) => ({ bytes: Buffer.from(key), key, member }));
  entries.sort((a, b) => a.bytes.length - b.bytes.length || Buffer.compare(a.bytes, b.bytes));
  return Object.fromEntries(entries.map(({ key, member }) => [key, ordered(member)]));
}
