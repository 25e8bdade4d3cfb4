import { expect, test } from 'vitest';
import { Deadline } from './deadline.ts';

test('it tells the end of its time, and that it was the time', async () => {
  const ended = Promise.withResolvers<unknown>();
  using deadline = new Deadline(1, ended.resolve);

  expect(await ended.promise).toBeUndefined();
  expect(deadline.isOver).toBe(true);
});

test('an outer signal ends it with its own reason', () => {
  const outer = new AbortController();
  const reasons: unknown[] = [];
  using deadline = new Deadline(60_000, (reason) => reasons.push(reason), outer.signal);

  outer.abort('enough');

  expect({ reasons, isOver: deadline.isOver }).toEqual({ reasons: ['enough'], isOver: false });
});

test('after its block it hears nothing more', () => {
  const outer = new AbortController();
  let heard = 0;
  {
    using _deadline = new Deadline(60_000, () => heard++, outer.signal);
  }

  outer.abort();

  expect(heard).toBe(0);
});
