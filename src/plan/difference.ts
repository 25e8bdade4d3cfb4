/**
 * The wanted fields that differ from the present ones; undefined when none does. Fields wanted as undefined stay, and so do
 * those that the portal's release does not show: after each write they would still look different.
 */
export function difference<Wanted extends object>(
  present: { readonly [Key in keyof Wanted]?: unknown },
  wanted: Wanted,
): Partial<Wanted> | undefined {
  const different: Partial<Wanted> = {};
  let some = false;
  for (const key of Object.keys(wanted) as (keyof Wanted)[]) {
    const shown = present[key];
    if (wanted[key] === undefined || shown === undefined || equal(shown, wanted[key])) continue;
    different[key] = wanted[key];
    some = true;
  }
  return some ? different : undefined;
}

/** Equality of JSON values: the order of keys does not count (the portal does not keep it), that of lists does. */
export function equal(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    return a.every((item, at) => equal(item, b[at]));
  }
  const keys = Object.keys(a) as (keyof typeof a)[];
  if (keys.length !== Object.keys(b).length) return false;
  for (const key of keys) if (!Object.hasOwn(b, key) || !equal(a[key], b[key])) return false;
  return true;
}
