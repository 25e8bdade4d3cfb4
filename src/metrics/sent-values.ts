import type { DeviceId } from '../concertim/model.ts';
import { ageOf } from '../runtime/clock.ts';
import { definitions } from './definitions.ts';

/** A value for the portal. */
export interface Value {
  readonly deviceId: DeviceId;
  readonly name: string;
  readonly units: string;
  readonly value: number;
  /** When it was measured, ms since 1970. */
  readonly at: number;
}

/** Of the figures of one device, in the order of `definitions`: when each was measured and when it was sent, ms since 1970. */
interface Sent {
  readonly measuredAt: number[];
  readonly sentAt: number[];
}

/**
 * What the portal was told and when: nothing is told twice unless it would be forgotten there. There are five values of each
 * device: as lists of numbers they take a third of what an object each does.
 */
export class SentValues {
  readonly #sent = new Map<DeviceId, Sent>();

  /**
   * Whether a value is to be sent: it is a new one, or the last one would end before the next cycle has come round. All
   * times are ms.
   */
  isDue({ deviceId, name, at }: Value, options: { now: number; ttlMs: number; intervalMs: number }): boolean {
    const place = placeOf(name);
    const { measuredAt, sentAt } = this.#sent.get(deviceId) ?? nothingSent;
    if (at > (measuredAt[place] ?? never)) return true;
    // Two cycles: one may be late.
    return ageOf(sentAt[place] ?? never, options.now) + 2 * options.intervalMs >= options.ttlMs;
  }

  note({ deviceId, name, at }: Value, now: number): void {
    let sent = this.#sent.get(deviceId);
    if (!sent) this.#sent.set(deviceId, (sent = { measuredAt: [...nothing], sentAt: [...nothing] }));
    const place = placeOf(name);
    sent.measuredAt[place] = at;
    sent.sentAt[place] = now;
  }

  /** Forgets the devices that are no more. */
  keepOnly(devices: ReadonlySet<DeviceId>): void {
    for (const id of this.#sent.keys()) if (!devices.has(id)) this.#sent.delete(id);
  }
}

const never = Number.NEGATIVE_INFINITY;
const nothing: readonly number[] = definitions.map(() => never);
const nothingSent = { measuredAt: nothing, sentAt: nothing };

function placeOf(name: string): number {
  return definitions.findIndex((definition) => definition.name === name);
}
