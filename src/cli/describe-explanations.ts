import type { Explanation } from '../plan/explain.ts';
import { oneLine } from '../runtime/printable.ts';
import { besideHead } from '../runtime/wrapped.ts';

/**
 * Why objects are shown as they are, for people: each under its kind, name and id.
 *
 * @param columns of the terminal; without one no line is broken
 */
export function describeExplanations(
  explanations: readonly Explanation[],
  columns = Number.POSITIVE_INFINITY,
): string {
  return explanations
    .map(({ object, name, id, lines }) =>
      [
        oneLine(`${object} ${name === id ? id : `${name} (${id})`}`),
        ...lines.map((line) => besideHead('  ', line, columns)),
      ].join('\n'),
    )
    .join('\n');
}
