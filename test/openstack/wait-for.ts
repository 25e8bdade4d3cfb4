import { systemClock } from '../../src/runtime/clock.ts';

/** Waits until something is so, for at most `patienceMs` each time. */
export function waitingFor(patienceMs: number) {
  /** @throws when it is not so in time */
  return async function waitFor(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
    const until = performance.now() + patienceMs;
    while (!(await isSo())) {
      if (performance.now() > until) throw new Error(`waited in vain for ${what}`);
      await systemClock.sleep(20);
    }
  };
}
