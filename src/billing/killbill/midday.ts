import { isoTime } from '../../runtime/clock.ts';
import { dayPeriod } from '../../runtime/month.ts';

const noonMs = 43_200_000;

/**
 * A moment of a UTC day that has the same date in a time zone: midway between noon there and noon in UTC. Noon itself is the next
 * day from UTC+12 on. KillBill reads records by UTC and bills them by the time zone of the account.
 *
 * @param day `2026-11-01`
 * @param timeZone `Pacific/Auckland` or `+12:00`; one that is not known counts as UTC
 * @returns ISO 8601 in UTC
 */
export function middayOf(day: string, timeZone: string): string {
  const noon = dayPeriod(day).begin + noonMs;
  return isoTime(noon - offsetMs(timeZone, noon) / 2);
}

/** By how much a time zone is ahead of UTC at a moment. */
function offsetMs(timeZone: string, at: number): number {
  try {
    const format = new Intl.DateTimeFormat('en', { timeZone, timeZoneName: 'longOffset' });
    const name = format.formatToParts(at).find(({ type }) => type === 'timeZoneName')?.value ?? '';
    const [, sign, hours = 0, minutes = 0] = /([+-])(\d\d):(\d\d)/.exec(name) ?? [];
    return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
  } catch (error) {
    if (error instanceof RangeError) return 0;
    throw error;
  }
}
