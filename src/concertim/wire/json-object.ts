import { z } from 'zod';
import type * as concertim from '../model.ts';

/** A JSON column. It must be there: a rack whose metadata was lost on the way would look like one that is not ours. */
export const JsonObject = z
  .record(z.string(), z.unknown())
  .nullable()
  .transform((object): concertim.JsonObject => object ?? {});

/**
 * Details, which some releases do not show. An earlier writer may have left a text or a list there: it never equals what this
 * service writes, and is therefore replaced.
 */
export const ShownJsonObject = z
  .unknown()
  .optional()
  .transform((value): concertim.JsonObject | undefined => {
    if (value === undefined) return undefined;
    const parsed = JsonObject.safeParse(value);
    return parsed.success ? parsed.data : { '': value };
  });
