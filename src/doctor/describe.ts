import { oneLine } from '../runtime/printable.ts';
import { besideHead, wrapped } from '../runtime/wrapped.ts';
import type { Diagnosis } from './examine.ts';
import { type Finding, labelOf } from './finding.ts';

const marks: Readonly<Record<Finding['level'], string>> = { ok: '✓', warning: '!', error: '✗' };

/**
 * A diagnosis for people: what is wrong comes last, so that it is in sight.
 *
 * @param columns of the terminal; without one no line is broken
 */
export function describeDiagnosis(
  { findings, unchecked }: Diagnosis,
  columns = Number.POSITIVE_INFINITY,
): string {
  const width = Math.max(
    ...findings.map((finding) => labelOf(finding).length),
    ...unchecked.map((check) => labelOf(check).length),
  );
  const indent = ' '.repeat(width + 4);
  const line = (mark: string, check: string, text: string) =>
    besideHead(`${mark} ${check.padEnd(width)}  `, text, columns);
  const below = (text: string) => wrapped(text, columns - indent.length).map((part) => indent + part);
  const rank = { ok: 0, warning: 1, error: 2 };
  const lines = findings
    .toSorted((one, other) => rank[one.level] - rank[other.level])
    .flatMap(({ level, found, why, repair, ...finding }) => [
      line(marks[level], labelOf(finding), found),
      ...(why === undefined ? [] : below(why)),
      // In one line: a command in it is to be copied whole.
      ...(repair === undefined
        ? []
        : [oneLine(`${indent}${level === 'ok' ? 'better' : 'repair'}: ${repair}`)]),
    ]);
  const skipped = unchecked.map(({ because, ...check }) =>
    line('?', labelOf(check), `not checked: ${because}`),
  );
  return [...lines, ...skipped, '', summary({ findings, unchecked })].join('\n');
}

function summary({ findings, unchecked }: Diagnosis): string {
  const count = (level: Finding['level']) => findings.filter((finding) => finding.level === level).length;
  const errors = count('error');
  const warnings = count('warning');
  if (errors + warnings + unchecked.length === 0) return `All is well: ${findings.length} checks.`;
  const left = unchecked.length > 0 ? `, ${unchecked.length} not checked` : '';
  return `${errors} ${errors === 1 ? 'error' : 'errors'}, ${warnings} ${warnings === 1 ? 'warning' : 'warnings'}${left}.`;
}

/** The worst level of a diagnosis. A check that could not run may hide an error, so it counts as a warning at least. */
export function worstOf({ findings, unchecked }: Diagnosis): Finding['level'] {
  if (findings.some(({ level }) => level === 'error')) return 'error';
  return unchecked.length > 0 || findings.some(({ level }) => level === 'warning') ? 'warning' : 'ok';
}
