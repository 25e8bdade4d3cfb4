import { z } from 'zod';
import type * as concertim from '../model.ts';
import { InRack } from './device.ts';
import { Id } from './id.ts';

/** Reads each field of an odd row by itself. */
const fields = z
  .object({
    id: Id.optional().catch(undefined),
    name: z.string().optional().catch(undefined),
    login: z.string().optional().catch(undefined),
    metadata: z.record(z.string(), z.unknown()).nullable().optional().catch(undefined),
    owner: z.object({ id: Id }).optional().catch(undefined),
    location: InRack.nullable().optional().catch(undefined),
    template_id: Id.optional().catch(undefined),
    template: z.object({ id: Id }).optional().catch(undefined),
    foreign_id: z.string().nullable().optional().catch(undefined),
  })
  .catch({});
const RackId = z.object({ location: z.object({ rack_id: Id }) });

/** A row of a list, or the fields of it that can be read. */
export function rowOrUnreadable<Row>(Row: z.ZodType<Row>, object: concertim.UnreadableRow['object']) {
  return z.unknown().transform((row): Row | concertim.UnreadableRow => {
    const parsed = Row.safeParse(row);
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    const { id, name, login, metadata, owner, location, ...rest } = fields.parse(row);
    const place = RackId.safeParse(row);
    const rackId = place.success ? place.data.location.rack_id : location === null ? null : undefined;
    return {
      kind: 'unreadable',
      object,
      problem: `${issue?.path.join('.') || 'row'}: ${issue?.message ?? 'not understood'}`,
      id,
      name: name ?? login,
      metadata: metadata === null ? {} : metadata,
      ownerId: owner?.id as concertim.OwnerId | undefined,
      rackId: rackId as concertim.RackId | null | undefined,
      location: location ?? undefined,
      templateId: (rest.template_id ?? rest.template?.id) as concertim.TemplateId | undefined,
      foreignId: rest.foreign_id,
    };
  });
}
