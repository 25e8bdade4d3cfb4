import { isoTime, parseTime } from './clock.ts';

/** The calendar month, in UTC, that a moment is in: from `begin` on, before `end`, ms since 1970. */
export function monthOf(ms: number): { readonly begin: number; readonly end: number } {
  const [year = 0, month = 0] = isoTime(ms).split('-').map(Number);
  return { begin: firstOf(year, month), end: month === 12 ? firstOf(year + 1, 1) : firstOf(year, month + 1) };
}

/** `2026-11-01` */
export function isoDate(ms: number): string {
  return isoTime(ms).slice(0, 10);
}

function firstOf(year: number, month: number): number {
  return parseTime(`${year}-${String(month).padStart(2, '0')}-01T00:00:00Z`) ?? Number.NaN;
}
