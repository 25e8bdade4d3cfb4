import type { PortalSnapshot } from '../concertim/model.ts';
import type { Release } from '../concertim/profile.ts';
import { type ChangeKind, changesOf, type Plan } from './change.ts';
import type { UnreadObject } from './describe.ts';
import { type FieldChange, fieldsOf, isSecret } from './field-change.ts';
import { foreseeRefusals } from './foresee-refusals.ts';
import type { Reason } from './reason.ts';
import { type RefusalCode, refusals } from './refusal.ts';
import { type Subject, Subjects } from './subject.ts';
import { isInStep, type Totals, totalsOf } from './totals.ts';

/** A plan for programs, described in docs/cli.md. Keys are never removed or renamed. */
export interface PlanJson extends Pick<Plan, 'foreign' | 'warnings' | 'unknownStates'> {
  /** The portal's release. */
  readonly release: Release;
  /** The portal shows the cloud as it is: nothing to change, hold back or explain. */
  readonly inStep: boolean;
  readonly totals: Totals;
  readonly changes: readonly (Subject &
    Reason & {
      readonly change: ChangeKind;
      readonly fields: readonly FieldChange[];
      /** Why the portal would refuse it; null: no reason is known. */
      readonly refusal: string | null;
      readonly refusalCode: RefusalCode | null;
    })[];
  readonly held: readonly (Subject & Reason)[];
  readonly unread: readonly UnreadObject[];
}

/** Stack outputs may be secret: that they differ is said, not how. */
export function planJson(plan: Plan, portal: PortalSnapshot, unread: readonly UnreadObject[]): PlanJson {
  const subjects = new Subjects(plan, portal);
  const refused = foreseeRefusals(plan, portal);
  return {
    release: portal.profile.release,
    inStep: isInStep(plan, unread),
    totals: totalsOf(plan, unread, refused.size),
    changes: changesOf(plan).map((change) => {
      const refusalCode = refused.get(change) ?? null;
      return {
        change: change.kind,
        ...subjects.of(change),
        reason: change.reason,
        reasonCode: change.reasonCode,
        fields: fieldsOf(change).map((field) =>
          isSecret(field.field) ? { field: field.field, from: '[hidden]', to: '[hidden]' } : field,
        ),
        refusal: refusalCode && refusals[refusalCode].text,
        refusalCode,
      };
    }),
    held: plan.held.map((held) => ({
      ...subjects.held(held),
      reason: held.reason,
      reasonCode: held.reasonCode,
    })),
    unread,
    foreign: plan.foreign,
    warnings: plan.warnings,
    unknownStates: plan.unknownStates,
  };
}
