import { expect, test } from 'vitest';
import { dayPeriod, daysIn, isoDate, monthOf } from './month.ts';

test.each([
  ['2026-11-01T00:00:00.000Z', '2026-11-01', '2026-12-01'],
  ['2026-11-30T23:59:59.999Z', '2026-11-01', '2026-12-01'],
  ['2026-12-31T23:59:59.999Z', '2026-12-01', '2027-01-01'],
  ['2028-02-29T12:00:00.000Z', '2028-02-01', '2028-03-01'],
])('%s is in the month from %s to %s', (moment, begin, end) => {
  const month = monthOf(Date.parse(moment));

  expect([isoDate(month.begin), isoDate(month.end)]).toEqual([begin, end]);
  expect(month.begin % 86_400_000).toBe(0);
});

test('a day is 24 hours of UTC, and a time has the days that begin in it', () => {
  const { begin, end } = dayPeriod('2028-02-29');

  expect([isoDate(begin), isoDate(end), end - begin]).toEqual(['2028-02-29', '2028-03-01', 86_400_000]);
  expect(daysIn({ begin, end })).toEqual(['2028-02-29']);
  expect(daysIn({ begin: begin - 1, end: end + 1 })).toEqual(['2028-02-29', '2028-03-01']);
  expect(daysIn({ begin: begin + 1, end })).toEqual([]);
});
