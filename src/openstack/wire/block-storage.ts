import { z } from 'zod';

/** Cinder sends some booleans as text. */
const BooleanText = z.union([z.boolean(), z.string().transform((text) => text.toLowerCase() === 'true')]);

/** A row of `GET /volumes/detail`, or `GET /volumes/{id}`, at version 3.0. */
export const Volume = z.object({
  id: z.string().min(1),
  name: z.string().nullish(),
  status: z.string(),
  size: z.number(),
  volume_type: z.string().nullish(),
  availability_zone: z.string().nullish(),
  bootable: BooleanText,
  encrypted: z.boolean().default(false),
  created_at: z.string(),
  // Cinder's default policies always show it. Without it the volume's project is unknown.
  'os-vol-tenant-attr:tenant_id': z.string().min(1),
  // Its `readonly` is a text, set by `os-update_readonly_flag`.
  metadata: z.object({ readonly: BooleanText.catch(false).default(false) }).default({ readonly: false }),
  // An attachment that is being made or unmade may have no server.
  attachments: z.array(z.object({ server_id: z.string().nullish() })).default([]),
});
export type Volume = z.infer<typeof Volume>;
