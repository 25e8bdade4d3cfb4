import { expect, test } from 'vitest';
import { aborted } from './pause.ts';
import { runAll } from './run-all.ts';

test('all run until the signal is aborted', async () => {
  const stop = new AbortController();
  const ended: string[] = [];
  const named = (name: string) => async (signal: AbortSignal) => {
    await aborted(signal);
    ended.push(name);
  };

  const running = runAll([named('a'), named('b')], stop.signal);
  stop.abort();
  await running;

  expect(ended.sort()).toEqual(['a', 'b']);
});

test('when one cannot continue the others end first, and its error is thrown', async () => {
  const ended: string[] = [];
  const running = runAll(
    [
      async (signal) => {
        await aborted(signal);
        ended.push('other');
        throw signal.reason;
      },
      () => Promise.reject(new Error('the port is taken')),
    ],
    new AbortController().signal,
  );

  await expect(running).rejects.toThrow('the port is taken');
  expect(ended).toEqual(['other']);
});
