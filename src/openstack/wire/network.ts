import { z } from 'zod';

/** A row of `GET /networks`. */
export const Network = z.object({ id: z.string().min(1), name: z.string() });
