import { z } from 'zod';

/** Links beside a list. */
export const Links = z.array(z.object({ rel: z.string(), href: z.string() }));
export type Links = z.infer<typeof Links>;
