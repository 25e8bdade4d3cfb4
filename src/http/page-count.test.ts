import { expect, test } from 'vitest';
import { ManualClock } from '../../test/support/manual-clock.ts';
import { BodyError } from './errors.ts';
import { PageCount } from './page-count.ts';

const response = {
  service: 'Nova',
  method: 'GET',
  url: 'http://nova/servers',
  status: 200,
  headers: {},
  text: '',
  at: 0,
};

/** The page at which the count gives the list up; undefined: it does not. */
function endOf(rowsAfter: (page: number) => number, { pages = 20_000, msEach = 0 } = {}): number | undefined {
  const clock = new ManualClock();
  const count = new PageCount(clock);
  for (let page = 1; page <= pages; page++) {
    clock.advance(msEach);
    try {
      count.turn(response, rowsAfter(page));
    } catch (error) {
      expect(error).toBeInstanceOf(BodyError);
      return page;
    }
  }
  return undefined;
}

test.each<[string, number | undefined, (page: number) => number, object?]>([
  ['two pages in three have nothing new', undefined, (page) => Math.floor(page / 3), { pages: 300 }],
  ['three pages after another have nothing new', 8, (page) => Math.min(page, 5)],
  ['no page has a row', 3, () => 0],
  ['two hundred thousand rows', undefined, (page) => page * 1000, { pages: 200 }],
  ['one more', 201, (page) => (page <= 200 ? page * 1000 : 200_001)],
  ['ten thousand pages of a row', 10_000, (page) => page],
  ['a quarter of an hour', undefined, (page) => page, { msEach: 900, pages: 1000 }],
  ['and a moment', 999, (page) => page, { msEach: 901, pages: 1000 }],
])('%s: given up at page %s', (_, page, rowsAfter, options) => {
  expect(endOf(rowsAfter, options)).toBe(page);
});
