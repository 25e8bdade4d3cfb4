import { type Figure, keyOfFigure } from './figure.ts';
import { brief } from './table.ts';

/** What both have, with the ratio of new to old; of a figure that lies outside the spread of the other it is marked. */
export function compare(earlier: readonly Figure[], newer: readonly Figure[]): string {
  const before = new Map(earlier.map((figure) => [keyOfFigure(figure), figure]));
  const lines: string[] = [];
  for (const figure of newer) {
    const old = before.get(keyOfFigure(figure));
    if (!old) continue;
    lines.push(`${figure.name}, ${figure.servers} servers, ${figure.latencyMs} ms`);
    for (const [name, now] of Object.entries(figure.values)) {
      const then = old.values[name];
      if (!then || then.median === 0) continue;
      const mark = now.min > then.max ? ' more' : now.max < then.min ? ' less' : '';
      const ratio = (now.median / then.median).toFixed(2);
      lines.push(`    ${name.padEnd(28)} ${brief(then.median)} → ${brief(now.median)}, × ${ratio}${mark}`);
    }
  }
  return lines.length > 0 ? lines.join('\n') : 'Nothing to compare: the baseline has none of these figures.';
}
