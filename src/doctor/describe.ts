import type { Diagnosis } from './examine.ts';
import type { Finding } from './finding.ts';

const marks: Readonly<Record<Finding['level'], string>> = { ok: '✓', warning: '!', error: '✗' };

/** A diagnosis for people: what is wrong comes last, so that it is in sight. */
export function describeDiagnosis({ findings, unchecked }: Diagnosis): string {
  const width = Math.max(
    ...findings.map(({ check }) => check.length),
    ...unchecked.map(({ check }) => check.length),
  );
  const line = (mark: string, check: string, text: string) => `${mark} ${check.padEnd(width)}  ${text}`;
  const below = (text: string) => `${' '.repeat(width + 4)}${text}`;
  const rank = { ok: 0, warning: 1, error: 2 };
  const lines = findings
    .toSorted((one, other) => rank[one.level] - rank[other.level])
    .flatMap(({ check, level, found, why, repair }) => [
      line(marks[level], check, found),
      ...(why === undefined ? [] : [below(why)]),
      ...(repair === undefined ? [] : [below(`${level === 'ok' ? 'better' : 'repair'}: ${repair}`)]),
    ]);
  const skipped = unchecked.map(({ check, because }) => line('?', check, `not checked: ${because}`));
  return [...lines, ...skipped, '', summary({ findings, unchecked })].join('\n');
}

function summary({ findings, unchecked }: Diagnosis): string {
  const count = (level: Finding['level']) => findings.filter((finding) => finding.level === level).length;
  const errors = count('error');
  const warnings = count('warning');
  if (errors + warnings === 0) return `All is well: ${findings.length} checks.`;
  const left = unchecked.length > 0 ? `, ${unchecked.length} not checked` : '';
  return `${errors} ${errors === 1 ? 'error' : 'errors'}, ${warnings} ${warnings === 1 ? 'warning' : 'warnings'}${left}.`;
}

/** @returns 0 all is well, 1 warnings, 2 errors */
export function exitCodeOf({ findings }: Diagnosis): 0 | 1 | 2 {
  if (findings.some(({ level }) => level === 'error')) return 2;
  return findings.some(({ level }) => level === 'warning') ? 1 : 0;
}
