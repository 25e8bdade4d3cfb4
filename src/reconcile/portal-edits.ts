import type { Device, DeviceId } from '../concertim/model.ts';
import type { Logger } from '../observability/logger.ts';
import { equal } from '../plan/difference.ts';
import { objectOfDevice } from '../plan/ownership.ts';

/** A device that differs from what this writer last read or wrote. */
export interface Edit {
  /** undefined: it did not exist. */
  readonly before: Device | undefined;
  /** undefined: it no longer exists. */
  readonly after: Device | undefined;
}

/** Edits that others made between two reads of devices. */
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

/** Logs edits of devices that show a cloud object. Other devices are their owners' own business. */
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
