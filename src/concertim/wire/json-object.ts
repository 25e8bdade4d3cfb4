import { z } from 'zod';
import type * as concertim from '../model.ts';

/** A JSON column. It must be there: a rack whose metadata was lost on the way would look like one that is not ours. */
export const JsonObject = z
  .record(z.string(), z.unknown())
  .nullable()
  .transform((object): concertim.JsonObject => object ?? {});

/** A JSON column that some releases do not show. */
export const ShownJsonObject = JsonObject.optional();
