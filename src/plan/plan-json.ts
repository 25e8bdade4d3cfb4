import { type ChangeKind, changesOf, type Plan } from './change.ts';
import { type FieldChange, fieldsOf, isSecret, type Subject, subjectOf } from './describe.ts';

/** A plan for programs. */
export interface PlanJson extends Pick<Plan, 'held' | 'warnings' | 'unknownStates'> {
  readonly changes: readonly (Subject & {
    readonly change: ChangeKind;
    readonly reason: string;
    readonly fields: readonly FieldChange[];
  })[];
}

/** Stack outputs may be secret: that they differ is said, not how. */
export function planJson(plan: Plan): PlanJson {
  return {
    changes: changesOf(plan).map((change) => ({
      change: change.kind,
      ...subjectOf(change),
      reason: change.reason,
      fields: fieldsOf(change).map((field) =>
        isSecret(field.field) ? { field: field.field, from: '[hidden]', to: '[hidden]' } : field,
      ),
    })),
    held: plan.held,
    warnings: plan.warnings,
    unknownStates: plan.unknownStates,
  };
}
