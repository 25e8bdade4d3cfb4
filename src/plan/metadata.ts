import type { JsonObject } from '../concertim/model.ts';
import { equal } from './difference.ts';

/** The portal replaces metadata whole: what others have put there is sent back. */
export function merged(present: JsonObject, ours: JsonObject): JsonObject {
  for (const key of Object.keys(ours)) if (!equal(present[key], ours[key])) return { ...present, ...ours };
  return present;
}

/** Metadata but for one key. */
export function without(unwanted: string, metadata: JsonObject): JsonObject {
  if (!Object.hasOwn(metadata, unwanted)) return metadata;
  return Object.fromEntries(Object.entries(metadata).filter(([key]) => key !== unwanted));
}
