import type { Clock } from '../runtime/clock.ts';
import { pause } from '../runtime/pause.ts';

/** A line comes first after so long, and then as often, ms. */
const everyMs = 2_000;

/**
 * Says on standard error what a command waits for while its work lasts: what is quick says nothing.
 *
 * @param about what is under way now, such as `12 requests answered; waiting for identity`
 */
export async function withProgress<T>(
  work: Promise<T>,
  about: () => string,
  { clock, write }: { readonly clock: Clock; readonly write: (text: string) => unknown },
): Promise<T> {
  const over = new AbortController();
  const startedAt = clock.now();
  const telling = (async () => {
    for (;;) {
      await pause(clock, everyMs, over.signal);
      if (over.signal.aborted) return;
      write(`${Math.round((clock.now() - startedAt) / 1_000)} s: ${about()}\n`);
    }
  })();
  try {
    return await work;
  } finally {
    over.abort();
    await telling;
  }
}
