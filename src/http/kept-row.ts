/**
 * A row as it is kept for long: frozen, its lists without room for more, and with the texts and objects of the row before where those say
 * the same. JSON.parse makes all of every row, and neighbours have their project, their flavor and much else in common. It is done for
 * every row that is parsed.
 */
export function keptRow<T>(row: T, before: T | undefined): T {
  return settle(row, before) as T;
}

function settle(value: unknown, before: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value === before ? before : value;
  if (Array.isArray(value)) return settleList(value, Array.isArray(before) ? before : undefined);
  const isObject = typeof before === 'object' && before !== null && !Array.isArray(before);
  return settleFields(value as Fields, isObject ? (before as Fields) : undefined);
}

type Fields = Record<string, unknown>;

/** Called for all that lists hold: loops, because closures take as long as all the rest. */
function settleList(list: readonly unknown[], before: readonly unknown[] | undefined): unknown {
  const settled = list.slice();
  let isSame = before?.length === settled.length;
  for (let at = 0; at < settled.length; at++) {
    settled[at] = settle(settled[at], before?.[at]);
    isSame &&= settled[at] === before?.[at];
  }
  return isSame ? before : Object.freeze(settled);
}

/** In place: an object made again would be of another shape. */
function settleFields(fields: Fields, before: Fields | undefined): unknown {
  let isSame = before !== undefined;
  let count = 0;
  for (const key in fields) {
    count++;
    const field = fields[key];
    // Without a look at whose it is, which takes long: what else is inherited are functions, which no row has.
    const other = key === '__proto__' ? undefined : before?.[key];
    if (typeof field === 'string' ? field === other : typeof field === 'object')
      fields[key] = settle(field, other);
    isSame &&= fields[key] === other && other !== undefined;
  }
  return isSame && before && countOf(before) === count ? before : Object.freeze(fields);
}

function countOf(fields: Fields): number {
  let count = 0;
  for (const _ in fields) count++;
  return count;
}
