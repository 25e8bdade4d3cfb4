import { expect, test } from 'vitest';
import { ManualClock } from '../../test/support/manual-clock.ts';
import { fitted, type Screen, watch } from './watch.ts';

/** What is written to a screen while two pictures are shown. */
async function shownOn(screen: Omit<Screen, 'write'>): Promise<string> {
  const clock = new ManualClock();
  const stop = new AbortController();
  let written = '';
  const write = (text: string | Uint8Array) => {
    written += String(text);
    return true;
  };
  let looks = 0;
  const watching = watch(async () => ({ text: `picture ${++looks}` }), {
    clock,
    screen: { ...screen, write },
    signal: stop.signal,
  });
  for (const each of [1, 2]) {
    while (clock.slept.length < each) await new Promise((resolve) => setImmediate(resolve));
    if (each === 1) clock.advance(2_000);
  }
  stop.abort();
  expect(await watching).toEqual({ text: 'picture 2' });
  return written;
}

test('on a terminal a picture takes the place of the one before', async () => {
  const written = await shownOn({ isTTY: true, columns: 80, rows: 24 });

  expect(written.split('\u001B[H')).toHaveLength(4);
  expect(written).toContain('picture 2\u001B[K\n\u001B[J');
});

test('on a terminal that nobody gave a size a picture is shown whole', async () => {
  const written = await shownOn({ isTTY: true, columns: 0, rows: 0 });

  expect(written).toContain('picture 2\u001B[K\n\u001B[J');
  expect(written).not.toContain('more lines');
});

test('a long line in a narrow terminal is broken, however often', () => {
  expect(fitted(['x'.repeat(100_000)], { columns: 1, rows: Number.POSITIVE_INFINITY })).toHaveLength(100_000);
});

test('elsewhere there are no control characters', async () => {
  expect(await shownOn({})).toBe('picture 1\n\npicture 2\n\n');
});

test('long lines are broken, and what there is no room for is counted', () => {
  const size = { columns: 5, rows: 5 };

  expect(fitted(['one', 'two and', '', 'four'], size)).toEqual(['one', 'two a', 'nd', '… 2 more lines']);
  expect(fitted(['one', 'two', 'three', 'four'], size)).toEqual(['one', 'two', 'three', 'four']);
});
