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

function settleList(list: readonly unknown[], before: readonly unknown[] | undefined): unknown {
  const settled = list.map((item, at) => settle(item, before?.[at]));
  const isSame = before?.length === settled.length && settled.every((item, at) => item === before[at]);
  return isSame ? before : Object.freeze(settled);
}

/** In place: an object made again would be of another shape. */
function settleFields(fields: Fields, before: Fields | undefined): unknown {
  let count = 0;
  let isSame = before !== undefined;
  for (const key in fields) {
    count++;
    const field = fields[key];
    const other = before && Object.hasOwn(before, key) ? before[key] : undefined;
    if (typeof field === 'string' ? field === other : typeof field === 'object')
      fields[key] = settle(field, other);
    isSame &&= fields[key] === other && other !== undefined;
  }
  return isSame && before && Object.keys(before).length === count ? before : Object.freeze(fields);
}
