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
 * The figures of one device, in the order of `definitions`: when each was measured and sent, ms since 1970,
 * and its value.
 */
interface Sent {
  readonly measuredAt: number[];
  readonly sentAt: number[];
  readonly values: number[];
}

/**
 * An unchanged value is sent again before it is this old: the daemon of 2023 ends a device's history after
 * four minutes without a value, and a restarted daemon has lost what it had stored.
 */
export const longestSilenceMs = 120_000;
const never = Number.NEGATIVE_INFINITY;
/**
 * What differs by less is unchanged: half a point of 100 %, or a hundredth of a rate. That is far less than
 * the figure's own error.
 */
const samePoints = 0.5;
const sameShare = 0.01;

/**
 * What was sent to the portal, and when: nothing is sent twice unless the portal would forget it. Each device
 * has five values: as lists of numbers they take a third of the memory of an object each.
 */
export class SentValues {
  readonly #sent = new Map<DeviceId, Sent>();
  #forgottenAt = never;

  /**
   * The values that are to be sent, those that waited longest first: changed ones, and unchanged ones that
   * would be too old before the next cycle has sent them. All times are ms.
   */
  due(values: readonly Value[], options: { now: number; ttlMs: number; intervalMs: number }): Value[] {
    const { now } = options;
    return values
      .filter((value) => this.#isDue(value, options))
      .map((value) => ({ value, sentAt: Math.min(this.#sentAt(value), now) }))
      .sort((a, b) => a.sentAt - b.sentAt)
      .map(({ value }) => value);
  }

  /** The end of the span that the last sent figure covers, ms since 1970. */
  coveredUntil(deviceId: DeviceId, definition: Definition): number | undefined {
    const at = this.#sent.get(deviceId)?.measuredAt[definitions.indexOf(definition)];
    return at === never ? undefined : at;
  }

  /** Whether the portal has a value of it that was sent at `sinceMs` (ms since 1970) or later. */
  isDelivered({ deviceId, definition }: Pick<Value, 'deviceId' | 'definition'>, sinceMs: number): boolean {
    const sentAt = this.#sent.get(deviceId)?.sentAt[definitions.indexOf(definition)] ?? never;
    return sentAt >= sinceMs;
  }

  /** Whether the daemon has ever stored a value of the device. */
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

  /**
   * Notes a figure that the portal's value already shows, so that the next figure begins where this one ends.
   */
  noteUnchanged({ deviceId, definition, at }: Value): void {
    const measuredAt = this.#sent.get(deviceId)?.measuredAt;
    if (measuredAt) measuredAt[definitions.indexOf(definition)] = at;
  }

  /** The daemon has lost what it had been sent: all of it is due again, in the usual order. */
  forgetSent(now: number): void {
    this.#forgottenAt = now;
  }

  /** Forgets devices that no longer exist. */
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
