import type fc from 'fast-check';

/**
 * A step of a random sequence. The model is the cloud itself: what happened on the way must not matter. So there is nothing to
 * foretell, and every command can be given at any time.
 */
export type RandomCommand<Real> = fc.AsyncCommand<Record<string, never>, Real>;

/** A command by its name and what is drawn for it, as a failing sequence prints it. */
export function randomCommandOf<Real>() {
  return <T>(
    name: string,
    arbitrary: fc.Arbitrary<T>,
    run: (real: Real, drawn: T) => Promise<void>,
  ): fc.Arbitrary<RandomCommand<Real>> =>
    arbitrary.map((drawn) => ({
      check: () => true,
      run: (_model, real) => run(real, drawn),
      toString: () => `${name}(${JSON.stringify(drawn)})`,
    }));
}
