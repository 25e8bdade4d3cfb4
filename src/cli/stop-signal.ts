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
    controller.abort(new Error(`stopped by ${name}`));
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
