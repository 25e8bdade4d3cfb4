import { z } from 'zod';

/**
 * `GET /v2/summary`: each row is a list of values, in the order of `columns`; both are empty where nothing
 * was rated.
 */
export const Summary = z.object({
  total: z.int().min(0),
  columns: z.array(z.string()),
  results: z.array(z.array(z.unknown())),
});

/** One row of it, once it has the names of its columns. */
export const RatedRow = z.object({
  id: z.string().min(1),
  type: z.string().min(1),
  project_id: z.string().min(1),
  rate: z.number(),
});

/** `GET /v1/report/summary`: its rates may be texts. */
export const ProjectTotals = z.object({
  summary: z.array(
    z.object({
      tenant_id: z.string().min(1),
      rate: z.union([z.string().regex(/^-?\d+(\.\d+)?(e[-+]?\d+)?$/i), z.number()]).transform(Number),
    }),
  ),
});

/** A row of `GET /v2/scope`: CloudKitty 17 has `state`, later ones `last_processed_timestamp`, some both. */
export const Scope = z.object({
  scope_id: z.string().min(1),
  state: z.string().nullish(),
  last_processed_timestamp: z.string().nullish(),
});
