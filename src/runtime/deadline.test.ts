import { expect, test } from 'vitest';
import { Deadline } from './deadline.ts';

test('it tells the end of its time, and that it was the time', async () => {
  using deadline = new Deadline(1);

  await new Promise<void>((resolve) => deadline.once('abort', resolve));

  expect(deadline.isOver).toBe(true);
});

test('an outer signal ends it with its own reason', () => {
  const outer = new AbortController();
  using deadline = new Deadline(60_000, outer.signal);
  let heard = 0;
  deadline.on('abort', () => heard++);

  outer.abort('enough');

  expect({ heard, reason: deadline.reason, isOver: deadline.isOver }).toEqual({
    heard: 1,
    reason: 'enough',
    isOver: false,
  });
});

test('after its block it hears nothing more', () => {
  const outer = new AbortController();
  let heard = 0;
  {
    using deadline = new Deadline(60_000, outer.signal);
    deadline.on('abort', () => heard++);
  }

  outer.abort();

  expect(heard).toBe(0);
});
