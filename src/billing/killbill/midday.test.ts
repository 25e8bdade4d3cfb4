import { expect, test } from 'vitest';
import { middayOf } from './midday.ts';

/** The date and the hour in a time zone. */
function dateIn(timeZone: string, time: string): string {
  const format = new Intl.DateTimeFormat('en-CA', { timeZone, dateStyle: 'short' });
  return format.format(Date.parse(time));
}

test.each([
  ['UTC', '12:00'],
  ['Etc/GMT+12', '18:00'],
  ['-12:00', '18:00'],
  ['America/New_York', '14:30'],
  ['Asia/Kathmandu', '09:07'],
  ['+12:00', '06:00'],
  // Summer there.
  ['Pacific/Auckland', '05:30'],
  ['Pacific/Chatham', '05:07'],
  ['Pacific/Kiritimati', '05:00'],
  ['Nowhere/Known', '12:00'],
])('usage of a day in %s is recorded at %s UTC, which is the same date there', (timeZone, time) => {
  for (const day of ['2026-11-30', '2026-12-01', '2028-02-29']) {
    const midday = middayOf(day, timeZone);

    expect(midday.slice(0, 16)).toBe(`${day}T${time}`);
    if (timeZone !== 'Nowhere/Known') expect(dateIn(timeZone, midday)).toBe(day);
  }
});
