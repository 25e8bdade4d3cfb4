/** What stands for a character that cannot be kept (U+FFFD). */
const replacement = '\uFFFD';

/** A text as the portal's database keeps it: see `storable`. */
export function storableText(text: string): string {
  return text.replaceAll('\0', replacement).toWellFormed();
}

/**
 * A value as PostgreSQL keeps it, on which the portal stands: neither as text nor as jsonb does it take NUL or half of a
 * surrogate pair, and with one of them in it a whole rack were refused
 * (https://www.postgresql.org/docs/current/datatype-json.html). What a script printed into an output may have both.
 */
export function storable(value: unknown): unknown {
  if (typeof value === 'string') return storableText(value);
  // Rails drops null elements of a list in every column.
  if (Array.isArray(value)) return value.filter((item) => item !== null).map(storable);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [storableText(key), storable(each)]));
}
