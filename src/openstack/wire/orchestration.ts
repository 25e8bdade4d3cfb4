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

/** A row of `GET /stacks?show_deleted=true`. */
export const PastStack = Stack.pick({ id: true, stack_name: true, project: true, parent: true }).extend({
  /** Null while it exists. */
  deletion_time: z.string().nullish(),
});

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

/** A row of `GET /stacks/{name}/{id}/events`: something happened to a resource, or to the stack itself. */
export const Event = z.object({
  event_time: z.string(),
  /** Empty until the resource is created. */
  physical_resource_id: z.string().nullish(),
  /** `<ACTION>_<RESULT>` */
  resource_status: z.string(),
});
