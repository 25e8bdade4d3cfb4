import type { DeviceId } from '../concertim/model.ts';
import { ageOf } from '../runtime/clock.ts';
import { type Definition, definitions } from './definitions.ts';

/** A value for the portal. */
export interface Value {
  readonly deviceId: DeviceId;
  readonly definition: Definition;
  readonly value: number;
  /** When it was measured, ms since 1970. */
  readonly at: number;
}

/**
 * Of the figures of one device, in the order of `definitions`: when each was measured and when it was sent, ms since 1970,
 * and what it was.
 */
interface Sent {
  readonly measuredAt: number[];
  readonly sentAt: number[];
  readonly values: number[];
}

/**
 * A value that is not renewed for longer than this is renewed: the daemon of 2023 ends a device's history after four minutes
 * without one, and one that was restarted has lost what it was sent.
 */
export const longestSilenceMs = 120_000;
const never = Number.NEGATIVE_INFINITY;
/** What differs by less is unchanged: half a point of 100 %, or a hundredth of a rate. Far within the figure's own error. */
const samePoints = 0.5;
const sameShare = 0.01;

/**
 * What the portal has been sent, and when: nothing is sent twice unless it would be forgotten there. There are five values of
 * each device: as lists of numbers they take a third of what an object each does.
 */
export class SentValues {
  readonly #sent = new Map<DeviceId, Sent>();
  #forgottenAt = never;

  /**
   * Those of the values that are to be sent, what waited longest first: new ones, and unchanged ones whose last sending will
   * be too long ago before the next cycle has come round. All times are ms.
   */
  due(values: readonly Value[], options: { now: number; ttlMs: number; intervalMs: number }): Value[] {
    const { now } = options;
    return values
      .filter((value) => this.#isDue(value, options))
      .map((value) => ({ value, sentAt: Math.min(this.#sentAt(value), now) }))
      .sort((a, b) => a.sentAt - b.sentAt)
      .map(({ value }) => value);
  }

  /** Until when the last figure was that was sent, ms since 1970. */
  coveredUntil(deviceId: DeviceId, definition: Definition): number | undefined {
    const at = this.#sent.get(deviceId)?.measuredAt[definitions.indexOf(definition)];
    return at === never ? undefined : at;
  }

  /** Whether the portal has a value of it that was sent within that time. */
  isDelivered({ deviceId, definition }: Pick<Value, 'deviceId' | 'definition'>, sinceMs: number): boolean {
    const sentAt = this.#sent.get(deviceId)?.sentAt[definitions.indexOf(definition)] ?? never;
    return sentAt >= sinceMs;
  }

  /** Whether anything of the device was ever taken. */
  has(deviceId: DeviceId): boolean {
    return this.#sent.has(deviceId);
  }

  note({ deviceId, definition, at, value }: Value, now: number): void {
    let sent = this.#sent.get(deviceId);
    if (!sent) {
      sent = { measuredAt: [...nothing], sentAt: [...nothing], values: [...nothing] };
      this.#sent.set(deviceId, sent);
    }
    const place = definitions.indexOf(definition);
    sent.measuredAt[place] = at;
    sent.sentAt[place] = now;
    sent.values[place] = value;
  }

  /** The portal's value says it already: no time is left out if the next figure begins there. */
  noteUnchanged({ deviceId, definition, at }: Value): void {
    const measuredAt = this.#sent.get(deviceId)?.measuredAt;
    if (measuredAt) measuredAt[definitions.indexOf(definition)] = at;
  }

  /** The daemon has lost what it had been sent: all of it is due again, what waited longest first as ever. */
  forgetSent(now: number): void {
    this.#forgottenAt = now;
  }

  /** Forgets the devices that are no more. */
  keepOnly(devices: ReadonlySet<DeviceId>): void {
    for (const id of this.#sent.keys()) if (!devices.has(id)) this.#sent.delete(id);
  }

  #isDue(
    value: Value,
    { now, ttlMs, intervalMs }: { now: number; ttlMs: number; intervalMs: number },
  ): boolean {
    const { deviceId, definition, at } = value;
    const sent = this.#sent.get(deviceId);
    const place = definitions.indexOf(definition);
    if (!sent || (sent.sentAt[place] ?? never) <= this.#forgottenAt) return true;
    if (
      at > (sent.measuredAt[place] ?? never) &&
      !isSame(definition, value.value, sent.values[place] ?? Number.NaN)
    )
      return true;
    // Two cycles: one may be late.
    const longestMs = Math.min(ttlMs, longestSilenceMs);
    return ageOf(sent.sentAt[place] ?? never, now) + 2 * intervalMs >= longestMs;
  }

  #sentAt({ deviceId, definition }: Value): number {
    return this.#sent.get(deviceId)?.sentAt[definitions.indexOf(definition)] ?? never;
  }
}

const nothing: readonly number[] = definitions.map(() => never);

function isSame({ units }: Definition, value: number, last: number): boolean {
  const difference = Math.abs(value - last);
  return units === '%' ? difference < samePoints : difference <= sameShare * Math.abs(last);
}
