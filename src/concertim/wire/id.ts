import { z } from 'zod';

/** A whole number in the releases of 2023, a UUID in those of 2024. */
export const Id = z.union([z.int(), z.string().min(1)], { error: 'expected a whole number or a UUID as id' });
