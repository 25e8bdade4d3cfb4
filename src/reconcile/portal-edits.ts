import type { Device, DeviceId } from '../concertim/model.ts';
import type { Logger } from '../observability/logger.ts';
import { equal } from '../plan/difference.ts';
import { objectOfDevice } from '../plan/ownership.ts';

/** A device that is otherwise than this writer last saw or wrote it. */
export interface Edit {
  /** undefined: it was not there. */
  readonly before: Device | undefined;
  /** undefined: it is not there any more. */
  readonly after: Device | undefined;
}

/** What others have done to devices between two moments. */
export function editsBetween(known: readonly Device[], read: readonly Device[]): Edit[] {
  const before = new Map<DeviceId, Device>(known.map((device) => [device.id, device]));
  const edits: Edit[] = [];
  for (const after of read) {
    const was = before.get(after.id);
    before.delete(after.id);
    if (!was || !equal(was, after)) edits.push({ before: was, after });
  }
  for (const was of before.values()) edits.push({ before: was, after: undefined });
  return edits;
}

/** Says what was done to devices that show something; what else stands in racks is their owners' own. */
export function logEdits(edits: readonly Edit[], log: Logger): void {
  for (const { before, after } of edits) {
    const device = after ?? before;
    const openstackId = (before && objectOfDevice(before)) ?? (after && objectOfDevice(after));
    if (!device || openstackId === undefined) continue;
    const { id, name, location } = device;
    log.info(
      {
        edit: before === undefined ? 'created' : after === undefined ? 'deleted' : 'changed',
        device: id,
        name,
        rackId: location?.rackId,
        openstackId,
        fields: before && after ? changedFields(before, after) : undefined,
      },
      'device edited in the portal by somebody else',
    );
  }
}

function changedFields(before: Device, after: Device): string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]) as Set<keyof Device>;
  return [...names].filter((name) => !equal(before[name], after[name]));
}
