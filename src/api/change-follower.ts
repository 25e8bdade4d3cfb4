import type { Logger } from '../observability/logger.ts';
import type { Reference } from '../openstack/model.ts';
import { hasSettled } from '../operations/has-settled.ts';
import type { OwnCloud } from '../operations/own-cloud.ts';
import type { Clock } from '../runtime/clock.ts';
import { pause } from '../runtime/pause.ts';
import { explain } from '../runtime/severity.ts';

export interface ChangeFollowerOptions {
  /** Look at these again, soon. */
  readonly requestReconcile: (references: Reference[]) => void | Promise<void>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Before each look, s: most changes take seconds, and after two minutes the next full run is near. */
const pausesS = [1, 2, 3, 5, 8, 13, 20, 30, 45];
/** So many are followed at once: what comes on top of them shows with the next full run. */
const mostFollowed = 100;

/**
 * Where no notification says when a change has come to its end, the portal would show what was under way until the next full
 * run. So what was changed through the API is looked at a few times, by a request or two each, until it has settled.
 */
export class ChangeFollower {
  readonly #options: ChangeFollowerOptions;
  /** By the object's id: a later change of the same object replaces the earlier one. */
  readonly #followed = new Map<string, AbortController>();

  constructor(options: ChangeFollowerOptions) {
    this.#options = options;
  }

  /**
   * Observes the object again and again until it has settled.
   *
   * @param ownCloud where it is: in one of its regions
   */
  follow(reference: Reference, ownCloud: Pick<OwnCloud, 'each'>): void {
    this.#followed.get(reference.id)?.abort();
    this.#followed.delete(reference.id);
    if (this.#followed.size >= mostFollowed) return;
    const stop = new AbortController();
    this.#followed.set(reference.id, stop);
    void this.#untilSettled(reference, ownCloud, stop.signal).finally(() => {
      if (this.#followed.get(reference.id) === stop) this.#followed.delete(reference.id);
    });
  }

  /** Follows nothing any more. */
  close(): void {
    for (const stop of this.#followed.values()) stop.abort();
  }

  async #untilSettled(
    reference: Reference,
    ownCloud: Pick<OwnCloud, 'each'>,
    signal: AbortSignal,
  ): Promise<void> {
    const { requestReconcile, clock, log } = this.#options;
    for (const seconds of pausesS) {
      await pause(clock, seconds * 1_000, signal);
      if (signal.aborted) return;
      try {
        const settled = await ownCloud.each((session) => hasSettled(session, reference));
        if (settled.includes(false)) continue;
        if (!signal.aborted) await requestReconcile([reference]);
        return;
      } catch (error) {
        // The next look may go better; after the last one there is the full run.
        log.debug({ id: reference.id, why: explain(error) }, 'changed object not looked at');
      }
    }
  }
}
