import { z } from 'zod';

/** `"$1,234.50"`, `"1.50"` or `"12.345"`, as the release has it; undefined where there is none. */
export const Money = z
  .string()
  .nullish()
  .catch(undefined)
  .transform((text): number | undefined => {
    const amount = Number.parseFloat(text?.replaceAll(/[$,]/g, '') ?? '');
    return Number.isNaN(amount) ? undefined : amount;
  });
