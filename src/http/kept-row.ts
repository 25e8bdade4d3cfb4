import { isObject } from '../runtime/is-object.ts';

/**
 * A row as it is kept for long: frozen, its lists without room for more, and with the texts and objects of the row before where those say
 * the same. JSON.parse makes all of every row, and neighbours have their project, their flavor and much else in common. It is done for
 * every row that is parsed, so what is in lists, and seldom in common, is not compared; and what is in the row is not frozen.
 */
export function keptRow<T>(row: T, before: T | undefined): T {
  return isObject(row) ? (Object.freeze(settle(row, isObject(before) ? before : undefined)) as T) : row;
}

type Fields = Record<string, unknown>;

/** In place: an object made again would be of another shape. Loops, because closures take as long as all the rest. */
function settle(fields: Fields, before: Fields | undefined): Fields {
  let isSame = before !== undefined;
  let count = 0;
  for (const key in fields) {
    count++;
    const field = fields[key];
    // Without a look at whose it is, which takes long: what else is inherited are functions, which no row has.
    const other = key === '__proto__' ? undefined : before?.[key];
    if (field === other) fields[key] = other;
    else if (Array.isArray(field)) fields[key] = field.slice();
    else if (isObject(field)) fields[key] = settle(field, isObject(other) ? other : undefined);
    isSame &&= fields[key] === other && other !== undefined;
  }
  return isSame && before && countOf(before) === count ? before : fields;
}

function countOf(fields: Fields): number {
  let count = 0;
  for (const _ in fields) count++;
  return count;
}
