import { z } from 'zod';

/** An id of generation A. */
export const Id = z.int({
  error: 'expected a whole number as id; UUIDs (the portal of 2024) are not served yet',
});
