import type { Diagnosis } from './examine.ts';
import type { Finding } from './finding.ts';

const marks: Readonly<Record<Finding['level'], string>> = { ok: '✓', warning: '!', error: '✗' };

/**
 * A diagnosis for people: what is wrong comes last, so that it is in sight.
 *
 * @param columns of the terminal; undefined: there is none, and no line is broken
 */
export function describeDiagnosis({ findings, unchecked }: Diagnosis, columns?: number): string {
  const width = Math.max(
    ...findings.map(({ check }) => check.length),
    ...unchecked.map(({ check }) => check.length),
  );
  const indent = ' '.repeat(width + 4);
  const broken = (text: string) => wrapped(text, (columns ?? Number.POSITIVE_INFINITY) - indent.length);
  const line = (mark: string, check: string, text: string) =>
    `${mark} ${check.padEnd(width)}  ${broken(text).join(`\n${indent}`)}`;
  const below = (text: string) => broken(text).map((part) => indent + part);
  const rank = { ok: 0, warning: 1, error: 2 };
  const lines = findings
    .toSorted((one, other) => rank[one.level] - rank[other.level])
    .flatMap(({ check, level, found, why, repair }) => [
      line(marks[level], check, found),
      ...(why === undefined ? [] : below(why)),
      // In one line: a command in it is to be copied whole.
      ...(repair === undefined ? [] : [`${indent}${level === 'ok' ? 'better' : 'repair'}: ${repair}`]),
    ]);
  const skipped = unchecked.map(({ check, because }) => line('?', check, `not checked: ${because}`));
  return [...lines, ...skipped, '', summary({ findings, unchecked })].join('\n');
}

/** A column narrower than this is read with more trouble than a line that the terminal breaks. */
const leastWidth = 30;

/** In lines of so many characters, broken between words. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= Math.max(width, leastWidth))
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

function summary({ findings, unchecked }: Diagnosis): string {
  const count = (level: Finding['level']) => findings.filter((finding) => finding.level === level).length;
  const errors = count('error');
  const warnings = count('warning');
  if (errors + warnings + unchecked.length === 0) return `All is well: ${findings.length} checks.`;
  const left = unchecked.length > 0 ? `, ${unchecked.length} not checked` : '';
  return `${errors} ${errors === 1 ? 'error' : 'errors'}, ${warnings} ${warnings === 1 ? 'warning' : 'warnings'}${left}.`;
}

/** The worst that a diagnosis says. What could not be checked may hide anything: it is not well. */
export function worstOf({ findings, unchecked }: Diagnosis): Finding['level'] {
  if (findings.some(({ level }) => level === 'error')) return 'error';
  return unchecked.length > 0 || findings.some(({ level }) => level === 'warning') ? 'warning' : 'ok';
}
