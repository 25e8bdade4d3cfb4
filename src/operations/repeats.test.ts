import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { ManualClock } from '../../test/support/manual-clock.ts';
import { Repeats } from './repeats.ts';

test('the latest two thousand outcomes serve repeats, each for a quarter of an hour by the clock', async () => {
  const clock = new ManualClock();
  const repeats = new Repeats({ clock });
  for (let number = 0; number < 2_100; number++)
    await repeats.run({ about: `team ${number}`, key: `${number}` }, async () => number);
  const most = repeats.size;
  const slow = Promise.withResolvers<number>();
  const again = (key: string) => {
    const repeat = repeats.run({ about: `repeat of ${key}`, key }, () => slow.promise);
    clock.advance(3_500);
    return Promise.race([repeat, setImmediate('waits')]);
  };

  const [forgotten, lately] = [await again('99'), await again('2000')];
  clock.advance(15 * 60_000);
  const late = await again('2001');
  slow.resolve(0);
  await repeats.idle();

  expect([most, forgotten, lately, late]).toEqual([2_000, 'waits', 2_000, 'waits']);
});
