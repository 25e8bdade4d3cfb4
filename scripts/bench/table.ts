import type { Figure, Spread } from './figure.ts';

/** Figures for the terminal: a line each, and under it what was measured. */
export function table(figures: readonly Figure[]): string {
  return figures
    .map(({ name, servers, latencyMs, repetitions, values }) => {
      const head = `${name}, ${servers} servers, ${latencyMs} ms, ${repetitions}×`;
      const lines = Object.entries(values).map(
        ([value, spread]) => `    ${value.padEnd(28)} ${inWords(spread)}`,
      );
      return [head, ...lines].join('\n');
    })
    .join('\n');
}

/** `1.2`, or `1.2 (1.1 to 1.4)`. */
export function inWords({ median, min, max }: Spread): string {
  return min === max ? brief(median) : `${brief(median)} (${brief(min)} to ${brief(max)})`;
}

/** Three digits, and all of a whole number. */
export function brief(value: number): string {
  return (Number.isInteger(value) ? value : Number(value.toPrecision(3))).toLocaleString('en');
}
