import { z } from 'zod';
import type * as concertim from '../model.ts';
import { Id } from './id.ts';

/** `GET /api/v1/templates`. The template of the racks themselves is not in it. */
export const Template = z
  .object({
    id: Id,
    name: z.string(),
    description: z.string().nullable().catch(null),
    height: z.int(),
    foreign_id: z.string().nullable(),
    vcpus: z.number().nullable().catch(null),
    ram: z.number().nullable().catch(null),
    disk: z.number().nullable().catch(null),
    /** Only in releases with kinds of devices. */
    tag: z.string().nullish(),
  })
  .transform(
    ({ id, foreign_id, ...template }): concertim.Template => ({
      ...template,
      id: id as concertim.TemplateId,
      foreignId: foreign_id,
    }),
  );
