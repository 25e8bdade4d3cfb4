import { z } from 'zod';

/** Only one on a project has a `project` in its scope; the others have a `domain` or the `system`. */
export const RoleAssignmentsBody = z.object({
  role_assignments: z.array(
    z.object({ scope: z.object({ project: z.object({ id: z.string().min(1) }).optional() }) }),
  ),
});
