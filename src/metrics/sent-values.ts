import type { DeviceId } from '../concertim/model.ts';
import { ageOf } from '../runtime/clock.ts';

/** A value for the portal. */
export interface Value {
  readonly deviceId: DeviceId;
  readonly name: string;
  readonly units: string;
  readonly value: number;
  /** When it was measured, ms since 1970. */
  readonly at: number;
}

interface Sent {
  readonly at: number;
  readonly sentAt: number;
}

/** What the portal was told and when: nothing is told twice unless it would be forgotten there. */
export class SentValues {
  readonly #sent = new Map<DeviceId, Map<string, Sent>>();

  /**
   * Whether a value is to be sent: it is a new one, or the last one would end before the next cycle has come round. All
   * times are ms.
   */
  isDue({ deviceId, name, at }: Value, options: { now: number; ttlMs: number; intervalMs: number }): boolean {
    const sent = this.#sent.get(deviceId)?.get(name);
    if (!sent || at > sent.at) return true;
    // Two cycles: one may be late.
    return ageOf(sent.sentAt, options.now) + 2 * options.intervalMs >= options.ttlMs;
  }

  note({ deviceId, name, at }: Value, now: number): void {
    let ofDevice = this.#sent.get(deviceId);
    if (!ofDevice) this.#sent.set(deviceId, (ofDevice = new Map()));
    ofDevice.set(name, { at, sentAt: now });
  }

  /** Forgets the devices that are no more. */
  keepOnly(devices: ReadonlySet<DeviceId>): void {
    for (const id of this.#sent.keys()) if (!devices.has(id)) this.#sent.delete(id);
  }
}
