import { constants } from 'node:os';
import { ageOf, systemClock } from '../runtime/clock.ts';
import { timeOut } from '../runtime/time-out.ts';
import { exitCodes } from './exit-codes.ts';

/** A command was interrupted before it had its result. Its exit code is the one that shells expect. */
export class StoppedError extends Error {
  readonly exitCode: number;

  constructor(signal: NodeJS.Signals) {
    super(`stopped by ${signal}`);
    this.exitCode = 128 + constants.signals[signal];
  }
}

/** Time to finish what is under way before the process ends anyway. */
const graceMs = 9_000;

/** A signal to the whole process group arrives twice where a parent passes it on: so soon after the first it is the same. */
const sameSignalMs = 1_000;

/**
 * Aborted by Ctrl-C or SIGTERM. A second one, or the end of the grace time, ends the process at once: nothing is lost by
 * it, because the next start reads everything again.
 */
export function stopSignal(): { readonly signal: AbortSignal } & Disposable {
  const controller = new AbortController();
  let stoppedAt: number | undefined;
  const stop = (name: NodeJS.Signals) => {
    if (stoppedAt !== undefined) {
      if (ageOf(stoppedAt, systemClock.now()) < sameSignalMs) return;
      process.exit(exitCodes.failure);
    }
    stoppedAt = systemClock.now();
    controller.abort(new StoppedError(name));
    timeOut(graceMs).addEventListener('abort', () => process.exit(exitCodes.failure));
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      // Stopped, the process ends with its own exit code: the same signal may still come from a parent that passes it on.
      if (stoppedAt !== undefined) return;
      process.off('SIGINT', stop);
      process.off('SIGTERM', stop);
    },
  };
}
