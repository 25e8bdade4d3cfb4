import type { JsonObject } from '../concertim/model.ts';
import { equal } from './difference.ts';

/** The portal replaces metadata whole, so the keys of others are sent back with ours. */
export function merged(present: JsonObject, ours: JsonObject): JsonObject {
  for (const key of Object.keys(ours)) if (!equal(present[key], ours[key])) return { ...present, ...ours };
  return present;
}

/** Metadata without one key. */
export function without(unwanted: string, metadata: JsonObject): JsonObject {
  if (!Object.hasOwn(metadata, unwanted)) return metadata;
  return Object.fromEntries(Object.entries(metadata).filter(([key]) => key !== unwanted));
}
