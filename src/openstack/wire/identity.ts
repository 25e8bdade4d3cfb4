import { z } from 'zod';

/** Identity v3, `POST /v3/auth/tokens`. The token itself is in the header `X-Subject-Token`. */
export const TokenBody = z.object({
  token: z.object({
    issued_at: z.string().optional(),
    expires_at: z.string(),
    user: z.object({ id: z.string(), name: z.string(), domain: z.object({ id: z.string() }).optional() }),
    project: z
      .object({ id: z.string(), name: z.string(), domain: z.object({ id: z.string() }).optional() })
      .optional(),
    roles: z.array(z.object({ id: z.string(), name: z.string() })).default([]),
    catalog: z
      .array(
        z.object({
          type: z.string(),
          endpoints: z.array(
            z.object({
              interface: z.string(),
              region: z.string().nullish(),
              region_id: z.string().nullish(),
              url: z.string(),
            }),
          ),
        }),
      )
      .default([]),
  }),
});
export type TokenBody = z.infer<typeof TokenBody>;

/** Identity v2.0, `POST /v2.0/tokens`. */
export const AccessBody = z.object({
  access: z.object({
    token: z.object({
      id: z.string(),
      issued_at: z.string().optional(),
      expires: z.string(),
      tenant: z.object({ id: z.string(), name: z.string() }).optional(),
    }),
    user: z.object({
      id: z.string(),
      name: z.string(),
      roles: z.array(z.object({ name: z.string() })).default([]),
    }),
    serviceCatalog: z
      .array(
        z.object({
          type: z.string(),
          endpoints: z.array(
            z.object({
              region: z.string().nullish(),
              publicURL: z.string().optional(),
              internalURL: z.string().optional(),
              adminURL: z.string().optional(),
            }),
          ),
        }),
      )
      .default([]),
  }),
});
export type AccessBody = z.infer<typeof AccessBody>;

/** A row of a list of roles. */
export const Named = z.object({ id: z.string().min(1), name: z.string() });
export type Named = z.infer<typeof Named>;

/** A row of a list of domains; some backends leave out `enabled`. */
export const Domain = Named.extend({ enabled: z.boolean().default(true) });
export type Domain = z.infer<typeof Domain>;
export const DomainBody = z.object({ domain: Domain });

/** `description` is null where it was never set; some backends leave it out, and `enabled` too. */
export const Project = z.object({
  id: z.string().min(1),
  name: z.string(),
  domain_id: z.string(),
  description: z.string().nullish(),
  enabled: z.boolean().default(true),
});
export type Project = z.infer<typeof Project>;
export const ProjectBody = z.object({ project: Project });

export const User = Project.extend({ default_project_id: z.string().nullish() });
export type User = z.infer<typeof User>;
export const UserBody = z.object({ user: User });

/** A row of `GET /role_assignments`: one to a group has no `user`. */
export const Grant = z.object({
  role: z.object({ id: z.string() }),
  user: z.object({ id: z.string() }).optional(),
});

/** A row whose id is all that matters. */
export const Identified = z.object({ id: z.string() });
