/** Something that runs until its signal is aborted; it rejects only when it cannot go on. */
export type Runnable = (signal: AbortSignal) => Promise<void>;

/** Runs them side by side. When one cannot go on, the others are stopped too, and its error is thrown at the end. */
export async function runAll(runnables: readonly Runnable[], signal: AbortSignal): Promise<void> {
  const broken = new AbortController();
  const over = AbortSignal.any([signal, broken.signal]);
  const errors: unknown[] = [];
  await Promise.all(
    runnables.map(async (run) => {
      try {
        await run(over);
      } catch (error) {
        errors.push(error);
        broken.abort(error);
      }
    }),
  );
  if (errors.length > 0) throw errors[0];
}
