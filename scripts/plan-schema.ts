import { z } from 'zod';
import { releases } from '../src/concertim/profile.ts';
import { kinds } from '../src/openstack/model.ts';
import { changeReasons, heldReasons } from '../src/plan/reason.ts';
import { refusals } from '../src/plan/refusal.ts';

const count = z.int().nonnegative();
const id = z.union([z.int(), z.string()]);
const codes = <Code extends string>(table: Readonly<Record<Code, string>>) =>
  z.enum(Object.keys(table) as Code[]).meta({
    description: `A reason for programs:\n${Object.entries<string>(table)
      .map(([code, text]) => `${code}: ${text}`)
      .join('\n')}`,
  });

const refusalTexts = Object.fromEntries(Object.entries(refusals).map(([code, { text }]) => [code, text]));

const subject = {
  object: z.enum(['template', 'rack', 'device']),
  name: z.string().meta({ description: 'In the portal, now or once it is created' }),
  id: id.nullable().meta({ description: "The portal's id; null before the object is created" }),
  rack: z.string().nullable().meta({ description: 'Name of the rack that it is or stands in' }),
  rackId: id.nullable().meta({ description: 'Id of that rack; null before the rack is created' }),
  owner: z
    .string()
    .nullable()
    .meta({ description: 'Login of the user or name of the team that has the rack' }),
  openstackId: z.string().nullable().meta({ description: 'Id of what it shows' }),
  openstackKind: z.enum([...kinds, 'stack', 'flavor']).nullable(),
  reason: z.string().meta({ description: 'For people; its words may change' }),
};

/** What `plan --json` prints. An object has no other keys; a newer version may add some. */
export const PlanDocument = z
  .strictObject({
    release: z.enum(releases).meta({ description: 'Of the portal' }),
    inStep: z.boolean().meta({ description: 'True exactly when the exit code is 0' }),
    totals: z.strictObject({
      create: count,
      change: count,
      replace: count,
      delete: count,
      held: count,
      unread: count,
      refused: count.meta({ description: 'How many of the changes the portal would refuse' }),
      heldByReason: z.partialRecord(z.enum(Object.keys(heldReasons)), count),
    }),
    changes: z
      .array(
        z.strictObject({
          change: z.enum([
            'create-template',
            'update-template',
            'delete-template',
            'create-rack',
            'update-rack',
            'delete-rack',
            'create-device',
            'update-device',
            'replace-device',
            'delete-device',
          ]),
          ...subject,
          reasonCode: codes(changeReasons),
          fields: z.array(
            z.strictObject({
              field: z.string(),
              from: z.unknown().optional(),
              to: z.unknown().optional().meta({ description: 'Left out: the field is removed' }),
            }),
          ),
          refusal: z.string().nullable().meta({ description: 'Why the portal would refuse it, for people' }),
          refusalCode: codes(refusalTexts).nullable(),
        }),
      )
      .meta({ description: 'In the order in which a run makes them' }),
    held: z
      .array(z.strictObject({ ...subject, reasonCode: codes(heldReasons) }))
      .meta({ description: 'What is kept although it seems to be gone' }),
    unread: z
      .array(
        z.strictObject({
          object: z.enum([
            ...kinds,
            'stack',
            'flavor',
            'server group',
            'project',
            'service',
            'owner',
            'rack',
            'device',
            'template',
          ]),
          id: z.string(),
          name: z.string(),
          problem: z.string(),
        }),
      )
      .meta({ description: 'What could not be read' }),
    foreign: z
      .array(
        z.strictObject({
          kind: z.enum(['rack', 'device']),
          id,
          name: z.string(),
          owner: z.string(),
          claim: z.string(),
        }),
      )
      .meta({ description: "Racks and devices that name what is not their owner's; they are not managed" }),
    warnings: z.array(z.string()).meta({ description: 'For a person' }),
    unknownStates: z
      .array(z.strictObject({ id: z.string(), state: z.string() }))
      .meta({ description: 'States of OpenStack that this version does not know' }),
  })
  .meta({ title: 'concertim-openstack-service plan --json' });

/** docs/plan.schema.json */
export function renderPlanSchema(): string {
  return `${JSON.stringify(z.toJSONSchema(PlanDocument), undefined, 2)}\n`;
}
