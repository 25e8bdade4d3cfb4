import { expect, test } from 'vitest';
import { type Listed, Listing } from './listing.ts';

const item = (id: string, seconds: number): Listed => ({ id, createdAt: seconds * 1000 });
const ids = (items: Iterable<Listed>) => [...items].map(({ id }) => id).join(' ');

test('the newest comes first, whatever order they were added in', () => {
  const listing = new Listing('ascending');
  for (const each of [item('b', 2), item('d', 4), item('a', 1), item('c', 3)]) listing.add(each);

  expect(ids(listing)).toBe('d c b a');
});

test('those made in the same second are listed by id, in the direction of the service', () => {
  const nova = new Listing('ascending');
  const heat = new Listing('descending');
  for (const listing of [nova, heat]) {
    listing.add({ id: 'b', createdAt: 1_100 });
    listing.add({ id: 'a', createdAt: 1_900 });
    listing.add({ id: 'c', createdAt: 1_500 });
  }

  expect(ids(nova)).toBe('a b c');
  expect(ids(heat)).toBe('c b a');
});

test('pages that begin behind the last one of the page before give every item once', () => {
  const listing = new Listing('ascending');
  for (let at = 0; at < 2_500; at++) listing.add(item(String((at * 7919) % 2_500), at >> 3));

  const seen: string[] = [];
  for (let marker: Listed | undefined; ; ) {
    const page: Listed[] = [];
    for (const each of listing.behind(marker)) if (page.push(each) === 1_000) break;
    if (page.length === 0) break;
    seen.push(...page.map(({ id }) => id));
    marker = page.at(-1);
  }

  expect(seen).toEqual([...listing].map(({ id }) => id));
  expect(new Set(seen).size).toBe(2_500);
});

test('a marker that is listed no more still has its place', () => {
  const listing = new Listing('ascending');
  const [a, b, c] = [item('a', 1), item('b', 2), item('c', 3)];
  for (const each of [a, b, c]) listing.add(each);

  listing.remove(b);

  expect(ids(listing.behind(b))).toBe('a');
  expect(ids(listing)).toBe('c a');
});

test('removing what is not there changes nothing', () => {
  const listing = new Listing('ascending');
  listing.add(item('a', 1));

  listing.remove(item('a', 1));
  listing.remove(item('z', 9));

  expect(listing.size).toBe(1);
});
