import { z } from 'zod';

const Named = z.object({ id: z.string().min(1) });

/** An assignment has one of `project`, `domain` and `system` in its scope, and a `user` or a `group`. */
export const RoleAssignmentsBody = z.object({
  role_assignments: z.array(
    z.object({
      scope: z.object({ project: Named.optional(), domain: Named.optional() }),
      user: Named.optional(),
    }),
  ),
});
