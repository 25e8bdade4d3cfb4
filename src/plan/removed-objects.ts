import { nouns } from './brake-warnings.ts';
import { changesOf, type Plan } from './change.ts';
import { kindOfRemoval, objectOf } from './removal.ts';

/** What a plan deletes, for good or to recreate it: `rack 12`, `device 345`, `template 6`, with the portal's ids. */
export function removedObjects(plan: Plan): string[] {
  return changesOf(plan).flatMap((change) => {
    const kind = kindOfRemoval(change);
    return kind !== undefined && 'ground' in change ? `${nouns[kind].held} ${objectOf(change).id}` : [];
  });
}
