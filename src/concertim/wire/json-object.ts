import { z } from 'zod';
import { isObject } from '../../runtime/is-object.ts';
import type * as concertim from '../model.ts';

/** Neither a text nor a list. What is in it is not looked at, and so need not be copied. */
const Shape = z.custom<concertim.JsonObject>(isObject, { error: 'expected an object' });

/** A JSON column. It must be there: a rack whose metadata was lost on the way would look like one that is not ours. */
export const JsonObject = Shape.nullable().transform((object): concertim.JsonObject => object ?? {});

/**
 * Details, which some releases do not show. An earlier writer may have left a text or a list there: it never equals what this
 * service writes, and is therefore replaced.
 */
export const ShownJsonObject = z
  .unknown()
  .optional()
  .transform((value): concertim.JsonObject | undefined => {
    if (value === undefined || isObject(value)) return value;
    return value === null ? {} : { '': value };
  });
