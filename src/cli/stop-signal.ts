import { constants } from 'node:os';

/** A command was ended before it could say what it was asked for. Its exit code is the one that shells expect. */
export class StoppedError extends Error {
  readonly exitCode: number;

  constructor(signal: NodeJS.Signals) {
    super(`stopped by ${signal}`);
    this.exitCode = 128 + constants.signals[signal];
  }
}

/** Time to finish what is under way before the process ends anyway. */
const graceMs = 9_000;

/**
 * Aborted by Ctrl-C or SIGTERM. A second one, or the end of the grace time, ends the process at once: nothing is lost by
 * it, because the next start looks at everything again.
 */
export function stopSignal(): { readonly signal: AbortSignal } & Disposable {
  const controller = new AbortController();
  const stop = (name: NodeJS.Signals) => {
    if (controller.signal.aborted) process.exit(1);
    controller.abort(new StoppedError(name));
    AbortSignal.timeout(graceMs).addEventListener('abort', () => process.exit(1));
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      process.off('SIGINT', stop);
      process.off('SIGTERM', stop);
    },
  };
}
