import { z } from 'zod';

/** The middle of several repetitions, and between what they lay. */
export const Spread = z.object({ median: z.number(), min: z.number(), max: z.number() });
export type Spread = z.infer<typeof Spread>;

/** What was measured of one thing at one size. */
export const Figure = z.object({
  /** Such as `run/idle`. */
  name: z.string(),
  servers: z.number(),
  /** Added to each exchange with the cloud and the portal, ms. */
  latencyMs: z.number(),
  repetitions: z.number(),
  /** By what they are; the names end with their unit where they have one. */
  values: z.record(z.string(), Spread),
});
export type Figure = z.infer<typeof Figure>;

/** All figures of one machine: `docs/performance.json`. */
export const Results = z.object({ machine: z.record(z.string(), z.string()), figures: z.array(Figure) });
export type Results = z.infer<typeof Results>;

/** One repetition: numbers by name. */
export type Sample = Readonly<Record<string, number>>;

/** The figure that repetitions come to. */
export function figureOf(
  { name, servers, latencyMs }: Pick<Figure, 'name' | 'servers' | 'latencyMs'>,
  samples: readonly Sample[],
): Figure {
  const names = new Set(samples.flatMap((sample) => Object.keys(sample)));
  const values = [...names].map((value) => [value, spreadOf(samples.map((sample) => sample[value] ?? 0))]);
  return { name, servers, latencyMs, repetitions: samples.length, values: Object.fromEntries(values) };
}

/** What tells figures apart. */
export function keyOfFigure({ name, servers, latencyMs }: Figure): string {
  return `${name} ${servers} ${latencyMs}`;
}

/** The value below which that share of all lies. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const median = ((sorted[Math.ceil(middle) - 1] ?? 0) + (sorted[Math.floor(middle)] ?? 0)) / 2;
  return { median: rounded(median), min: rounded(sorted[0] ?? 0), max: rounded(sorted.at(-1) ?? 0) };
}

/** Four digits tell all that a measurement knows. */
function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
