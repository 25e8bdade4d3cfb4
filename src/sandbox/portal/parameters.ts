import { isObject } from '../../runtime/is-object.ts';
import type { JsonObject } from './attributes.ts';
import { crash, malformed, missing, type Refusal } from './refusal.ts';

/** A request's body as Rails gives it to a controller. */
export interface Parameters {
  readonly all: JsonObject;
  readonly isJson: boolean;
}

/**
 * Reads a body; one that is not said to be JSON counts as empty.
 *
 * @param refusal when it is not what it is said to be
 * @throws {Refusal}
 */
export function readParameters(
  contentType: string | undefined,
  body: unknown,
  refusal: () => Refusal = malformed,
): Parameters {
  const isJson = /^application\/json\b/i.test(contentType ?? '');
  if (!isJson || typeof body !== 'string' || body.trim() === '') return { all: {}, isJson };
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    throw refusal();
  }
  if (!isObject(value)) return { all: {}, isJson };
  dropNullsOfLists(value);
  return { all: value, isJson };
}

/** So Rails reads JSON. */
function dropNullsOfLists(parent: object): void {
  for (const [key, value] of Object.entries(parent)) {
    if (typeof value !== 'object' || value === null) continue;
    const kept = Array.isArray(value) ? value.filter((item) => item !== null) : value;
    // Not by an assignment: a key may be "__proto__".
    if (kept !== value) Object.defineProperty(parent, key, { value: kept });
    dropNullsOfLists(kept);
  }
}

/**
 * The attributes under a root key, or, when JSON has no such key, those of them that stand flat in the body (Rails'
 * ParamsWrapper).
 *
 * @throws {Refusal} 400 when there are none, unless `mayBeEmpty`
 */
export function rootObject(
  parameters: Parameters,
  key: string,
  options: { readonly flat: readonly string[]; readonly mayBeEmpty?: boolean },
): JsonObject {
  const root =
    key in parameters.all || !parameters.isJson ? parameters.all[key] : flat(parameters.all, options.flat);
  if (root === undefined || root === null || root === '') throw missing(key);
  if (!isObject(root)) throw crash();
  if (Object.keys(root).length === 0 && !options.mayBeEmpty) throw missing(key);
  return root;
}

function flat(all: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(all).filter(([name]) => names.includes(name)));
}
