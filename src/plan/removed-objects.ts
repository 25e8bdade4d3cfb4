import { changesOf, type Plan } from './change.ts';

/** What a plan deletes, for good or to recreate it: `rack 12`, `device 345`, `template 6`, with the portal's ids. */
export function removedObjects(plan: Plan): string[] {
  return changesOf(plan).flatMap((change) => {
    if (!('ground' in change)) return [];
    if (change.kind === 'delete-rack') return `rack ${change.rack.id}`;
    return change.kind === 'delete-template'
      ? `template ${change.template.id}`
      : `device ${change.device.id}`;
  });
}
