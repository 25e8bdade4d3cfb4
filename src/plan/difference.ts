/**
 * The wanted fields that differ from the present ones; undefined when none does. Fields wanted as undefined stay, and so do
 * those that the portal's release does not show: after each write they would still look different.
 */
export function difference<Wanted extends object>(
  present: { readonly [Key in keyof NoInfer<Wanted>]?: unknown },
  wanted: { readonly [Key in keyof Wanted]: Wanted[Key] | undefined },
): Partial<Wanted> | undefined {
  const different: Partial<Wanted> = {};
  let some = false;
  for (const key of Object.keys(wanted) as (keyof Wanted)[]) {
    const value = wanted[key];
    if (value === undefined) continue;
    const shown = present[key];
    if (shown === undefined || equal(shown, value)) continue;
    different[key] = value;
    some = true;
  }
  return some ? different : undefined;
}

/**
 * Equality of JSON values: the order of keys does not count (the portal does not keep it), that of lists does.
 *
 * @param b a map stands for the object with these fields
 */
export function equal(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    return a.every((item, at) => equal(item, b[at]));
  }
  if (b instanceof Map) return hasFields(a, b);
  const keys = Object.keys(a) as (keyof typeof a)[];
  if (keys.length !== Object.keys(b).length) return false;
  for (const key of keys) if (!Object.hasOwn(b, key) || !equal(a[key], b[key])) return false;
  return true;
}

function hasFields(object: object, fields: ReadonlyMap<string, unknown>): boolean {
  const entries = Object.entries(object);
  return (
    entries.length === fields.size &&
    entries.every(([key, value]) => fields.has(key) && equal(value, fields.get(key)))
  );
}
