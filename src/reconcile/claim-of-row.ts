import type { Device, Rack } from '../concertim/model.ts';
import { keyOfSource, objectOfDevice, sourceOfRack } from '../plan/ownership.ts';

/** The source that a rack claims to show; undefined: none. */
export function claimOfRack(rack: Pick<Rack, 'metadata'>): string | undefined {
  const source = sourceOfRack(rack);
  return source && keyOfSource(source);
}

/** Whether two devices claim to show one object. */
export function isOfSameObject(
  a: Pick<Device, 'kind' | 'metadata'>,
  b: Pick<Device, 'kind' | 'metadata'>,
): boolean {
  return a.kind === b.kind && objectOfDevice(a) === objectOfDevice(b);
}
