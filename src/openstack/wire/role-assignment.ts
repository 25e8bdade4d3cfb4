import { z } from 'zod';

const Identified = z.object({ id: z.string().min(1) });

/** An assignment has one of `project`, `domain` and `system` in its scope, and a `user` or a `group`. */
export const RoleAssignment = z.object({
  scope: z.object({ project: Identified.optional(), domain: Identified.optional() }),
  user: Identified.optional(),
});
