import type { UnreadableRow } from '../../concertim/model.ts';
import { type Finding, warning } from '../finding.ts';

const mostNamed = 5;

/** Rows of the portal that the service cannot read. Without such rows there is no finding. */
export function checkRows(rows: readonly UnreadableRow[]): Finding[] {
  if (rows.length === 0) return [];
  const named = rows
    .slice(0, mostNamed)
    .map(({ object, id, name, problem }) => `${object} ${name ?? ''} (${id ?? 'without an id'}): ${problem}`);
  const more = rows.length > mostNamed ? ` and ${rows.length - mostNamed} more` : '';
  return [
    warning('concertim.rows', {
      found: `Rows that are not understood: ${named.join('; ')}${more}`,
      why: 'They are kept as they are, and what they may show is not made a second time.',
      repair: 'Correct or delete them in Concertim.',
    }),
  ];
}
