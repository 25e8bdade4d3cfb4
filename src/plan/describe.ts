import { unreachable } from '../runtime/unreachable.ts';
import type { Change, Plan } from './change.ts';
import { changesOf } from './change.ts';
import { equal } from './difference.ts';

/** What a change is about, for people and for logs. */
export interface Subject {
  readonly object: 'template' | 'rack' | 'device';
  readonly name: string;
  /** The portal's id; null for what is yet to be made. */
  readonly id: number | string | null;
}

/** What a change is about. */
export function subjectOf(change: Change): Subject {
  switch (change.kind) {
    case 'create-template':
      return { object: 'template', name: change.draft.name, id: null };
    case 'update-template':
    case 'delete-template':
      return { object: 'template', name: change.template.name, id: change.template.id };
    case 'create-rack':
      return { object: 'rack', name: change.draft.name, id: null };
    case 'update-rack':
    case 'delete-rack':
      return { object: 'rack', name: change.rack.name, id: change.rack.id };
    case 'create-device':
      return { object: 'device', name: change.draft.name, id: null };
    case 'replace-device':
    case 'update-device':
    case 'delete-device':
      return { object: 'device', name: change.device.name, id: change.device.id };
    default:
      return unreachable(change);
  }
}

/** One field that a change sets: what the portal has now, and what it will have. */
export interface FieldChange {
  readonly field: string;
  readonly from: unknown;
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
    case 'replace-device':
      return fieldChanges(change.device, change.draft);
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

/**
 * The plan as a diff for people. Stack outputs may be secret: that they differ is said, not how.
 */
export function describePlan(plan: Plan): string {
  const lines: string[] = [];
  for (const change of changesOf(plan)) {
    const { object, name, id } = subjectOf(change);
    const which = id === null ? '' : ` (${id})`;
    lines.push(`${sign[change.kind]} ${object} ${name}${which}: ${change.reason}`);
    for (const { field, from, to } of fieldsOf(change)) {
      lines.push(isSecret(field) ? `    ${field}: differs` : `    ${field}: ${show(from)} → ${show(to)}`);
    }
  }
  for (const { kind, name, id, reason } of plan.held)
    lines.push(`= ${kind} ${name} (${id}): left alone, ${reason}`);
  for (const { id, state } of plan.unknownStates) lines.push(`? ${id}: unknown state ${state}`);
  for (const warning of plan.warnings) lines.push(`! ${warning}`);
  return lines.length > 0 ? `${lines.join('\n')}\n` : 'In step: nothing to change.\n';
}

const sign: Record<Change['kind'], string> = {
  'create-template': '+',
  'create-rack': '+',
  'create-device': '+',
  'update-template': '~',
  'update-rack': '~',
  'update-device': '~',
  'replace-device': '±',
  'delete-template': '-',
  'delete-rack': '-',
  'delete-device': '-',
};

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
  return changes;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value);
  return text.length > 100 ? `${text.slice(0, 99)}…` : text;
}
