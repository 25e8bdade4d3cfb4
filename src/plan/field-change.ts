import { unreachable } from '../runtime/unreachable.ts';
import type { Change } from './change.ts';
import { equal } from './difference.ts';

/** One field that a change sets: what the portal has now, and what it will have. */
export interface FieldChange {
  readonly field: string;
  readonly from: unknown;
  /** undefined: the field is removed. */
  readonly to: unknown;
}

/** Field by field; objects key by key, so that a long metadata shows only what differs. */
export function fieldsOf(change: Change): FieldChange[] {
  switch (change.kind) {
    case 'update-template':
      return fieldChanges(change.template, change.patch);
    case 'update-rack':
      return fieldChanges(change.rack, change.patch);
    case 'update-device':
      return fieldChanges(change.device, change.patch);
    case 'replace-device': {
      // The portal shows no field for the creation time.
      const { createdAt: _, kind: __, ...draft } = change.draft;
      return fieldChanges(change.device, draft);
    }
    case 'create-template':
    case 'create-rack':
    case 'create-device':
    case 'delete-template':
    case 'delete-rack':
    case 'delete-device':
      return [];
    default:
      return unreachable(change);
  }
}

/** Whether a field's value may be a stack's output. */
export function isSecret(field: string): boolean {
  return field === 'creationOutput' || field.startsWith('metadata.openstack_stack_output');
}

function fieldChanges(present: object, patch: object, prefix = ''): FieldChange[] {
  const changes: FieldChange[] = [];
  for (const [key, to] of Object.entries(patch)) {
    const from = Object.hasOwn(present, key) ? (present as Record<string, unknown>)[key] : undefined;
    if (isObject(from) && isObject(to)) changes.push(...fieldChanges(from, to, `${prefix}${key}.`));
    else if (!equal(from, to)) changes.push({ field: prefix + key, from, to });
  }
  // Top-level fields that a patch does not name stay; a nested object is replaced whole, so that its other keys are removed.
  if (prefix === '') return changes;
  for (const [key, from] of Object.entries(present)) {
    if (!Object.hasOwn(patch, key)) changes.push({ field: prefix + key, from, to: undefined });
  }
  return changes;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
