import type { z } from 'zod';
import type { Call } from './call.ts';
import { Refusal } from './refusal.ts';
import { nextLink } from './service.ts';
import { parseUtc } from './times.ts';

/** How Nova reads a query. */

/** `[api] max_limit` of nova.conf. */
export const maxLimit = 1000;

/** Part of a list. */
export interface Page<T> {
  readonly items: readonly T[];
  /** The address of the next page; Nova gives one whenever a page is full, were it the last one. */
  readonly links: (name: string, path: string) => Readonly<Record<string, unknown>>;
}

/** The first of the candidates, up to the request's limit. */
export function page<T extends { readonly id: string }>(call: Call, candidates: Iterable<T>): Page<T> {
  const limit = Math.min(wholeNumber(call, 'limit') ?? maxLimit, maxLimit);
  const items: T[] = [];
  if (limit > 0) {
    for (const item of candidates) if (items.push(item) === limit) break;
  }
  const last = items.length === limit ? items.at(-1) : undefined;
  return {
    items,
    links: (name, path) => (last ? { [`${name}_links`]: [nextLink(call, path, last.id)] } : {}),
  };
}

/** Those of the items that are wanted, looked at only as far as need be. */
export function* filter<T>(items: Iterable<T>, wanted: (item: T) => boolean): Generator<T> {
  for (const item of items) if (wanted(item)) yield item;
}

/**
 * A part of a body, whole and of the right types.
 *
 * @throws {Refusal} 400
 */
export function parse<T>(schema: z.ZodType<T>, value: unknown, where: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const field = issue?.path.join('.') || where;
  throw new Refusal(400, `Invalid input for field/attribute ${field}. ${issue?.message ?? ''}`);
}

export function wholeNumber(call: Call, name: string): number | undefined {
  const text = call.query.get(name);
  if (text === null) return undefined;
  if (/^\d*$/.test(text)) return Number(text);
  throw new Refusal(
    400,
    `Invalid input for query parameters ${name}. Value: ${text}. '${text}' does not match '^[0-9]*$'`,
  );
}

export function flag(call: Call, name: string): boolean {
  return ['1', 't', 'true', 'on', 'y', 'yes'].includes(call.query.get(name)?.toLowerCase() ?? '');
}

/** Milliseconds since 1970. */
export function timeOf(call: Call, name: string): number | undefined {
  const text = call.query.get(name);
  if (text === null) return undefined;
  const time = parseUtc(text);
  if (time !== undefined) return time;
  throw new Refusal(
    400,
    `Invalid input for query parameters ${name}. Value: ${text}. '${text}' is not a 'date-time'`,
  );
}

/** The item behind which the page begins. */
export function markerOf<T>(call: Call, find: (id: string) => T | undefined): T | undefined {
  const id = call.query.get('marker');
  if (id === null) return undefined;
  const marker = find(id);
  if (!marker) throw new Refusal(400, `marker [${id}] not found`);
  return marker;
}

/** From `since` on a parameter that Nova does not know is an error; before, it is passed over. */
export function refuseUnknown(call: Call, minor: number, since: number, known: readonly string[]): void {
  if (minor < since) return;
  for (const name of call.query.keys()) {
    if (known.includes(name) || name.startsWith('_')) continue;
    throw new Refusal(400, `'${name}' does not match any of the regexes: '^_'`);
  }
}
