import { z } from 'zod';

/** An answer without a body. */
export const NothingBody = z.undefined().describe('no body');
