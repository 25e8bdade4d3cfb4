import { z } from 'zod';

/** Every answer from 400 on. The portal shows `message` to its user. */
export const ErrorBody = z.object({
  error: z.string().describe('the status in words, such as `Conflict`'),
  message: z.string().describe('what failed and what to do, in one short line'),
  request_id: z.string().describe('by which the log knows the request'),
});
export type ErrorBody = z.infer<typeof ErrorBody>;
