import { isoTime, parseTime } from './clock.ts';

/** The calendar month, in UTC, that a moment is in: from `begin` on, before `end`, ms since 1970. */
export function monthOf(ms: number): { readonly begin: number; readonly end: number } {
  const [year = 0, month = 0] = isoTime(ms).split('-').map(Number);
  return { begin: firstOf(year, month), end: month === 12 ? firstOf(year + 1, 1) : firstOf(year, month + 1) };
}

/** When the month before that of a moment began, ms since 1970. */
export function lastMonthBegin(ms: number): number {
  return monthOf(monthOf(ms).begin - 1).begin;
}

/** `2026-11-01` */
export function isoDate(ms: number): string {
  return isoTime(ms).slice(0, 10);
}

const dayMs = 86_400_000;

/** The whole of a day such as `2026-11-01`, in UTC: from `begin` on, before `end`, ms since 1970. */
export function dayPeriod(day: string): { readonly begin: number; readonly end: number } {
  const begin = parseTime(`${day}T00:00:00Z`) ?? Number.NaN;
  return { begin, end: begin + dayMs };
}

/** The days that begin in a period. */
export function daysIn({ begin, end }: { readonly begin: number; readonly end: number }): string[] {
  const days: string[] = [];
  for (let at = Math.ceil(begin / dayMs) * dayMs; at < end; at += dayMs) days.push(isoDate(at));
  return days;
}

function firstOf(year: number, month: number): number {
  return parseTime(`${year}-${String(month).padStart(2, '0')}-01T00:00:00Z`) ?? Number.NaN;
}
