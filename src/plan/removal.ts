import type { Device, Rack, Template } from '../concertim/model.ts';
import { unreachable } from '../runtime/unreachable.ts';
import type { ShownKind } from './census.ts';
import type { Change } from './change.ts';
import type { Ground } from './ground.ts';

/** A change that takes an object out of the portal. */
export type Removal = Extract<Change, { readonly ground: Ground }>;

/** What it takes out. */
export type Shown = Device | Rack | Template;

/** undefined: it removes nothing. */
export function kindOfRemoval(change: Change): ShownKind | undefined {
  switch (change.kind) {
    case 'delete-device':
    case 'replace-device':
      return change.device.kind;
    case 'delete-rack':
      return 'rack';
    case 'delete-template':
      return 'template';
    case 'create-template':
    case 'create-rack':
    case 'create-device':
    case 'update-template':
    case 'update-rack':
    case 'update-device':
      return undefined;
    default:
      // A new kind of deletion does not compile until it is here.
      return unreachable(change);
  }
}

export function objectOf(removal: Removal): Shown {
  if (removal.kind === 'delete-rack') return removal.rack;
  return removal.kind === 'delete-template' ? removal.template : removal.device;
}
