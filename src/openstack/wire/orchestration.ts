import { z } from 'zod';

/** A row of `GET /stacks`; `GET /stacks/{name}/{id}` gives the same fields and more. */
export const Stack = z.object({
  id: z.string().min(1),
  stack_name: z.string(),
  /** Shown to administrators only. */
  project: z.string().optional(),
  parent: z.string().nullish(),
  stack_status: z.string(),
  stack_status_reason: z.string().nullish(),
  stack_owner: z.string().nullish(),
  stack_user_project_id: z.string().nullish(),
  creation_time: z.string(),
  updated_time: z.string().nullish(),
});
export type Stack = z.infer<typeof Stack>;

export const StackBody = z.object({
  stack: Stack.extend({
    parameters: z.looseObject({ 'OS::project_id': z.string() }),
    deletion_time: z.string().nullish(),
    outputs: z.array(z.object({ output_key: z.string(), output_value: z.unknown().optional() })).default([]),
  }),
});

/** `physical_resource_id` is empty until the resource is made. */
export const Resource = z.object({
  resource_type: z.string(),
  physical_resource_id: z.string().nullish(),
});
