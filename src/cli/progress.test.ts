import { expect, test } from 'vitest';
import { VirtualClock } from '../../test/support/virtual-clock.ts';
import { Traffic } from '../observability/traffic.ts';
import { withProgress } from './progress.ts';

/** Runs work that takes `lastsMs` by the clock, or ends when it is aborted. */
function commandOn(clock: VirtualClock, lastsMs: number, traffic = new Traffic()) {
  const said: string[] = [];
  const work = withProgress((signal) => clock.sleep(lastsMs, signal).then(() => 'done'), {
    traffic,
    clock,
    timeoutSeconds: 15,
    write: (text) => said.push(text),
    columns: 80,
    signal: new AbortController().signal,
  });
  return { work, said };
}

test('what ends within two seconds says nothing', async () => {
  using clock = new VirtualClock(() => false);
  const { work, said } = commandOn(clock, 1_900);

  await clock.pass(10_000);

  await expect(work).resolves.toBe('done');
  expect(said).toEqual([]);
});

test('what lasts says every two seconds what was answered and what it waits for', async () => {
  using clock = new VirtualClock(() => false);
  const traffic = new Traffic();
  traffic.begin('Keystone', clock.now());
  traffic.end('Keystone', clock.now());
  traffic.begin('Nova', clock.now());
  const { work, said } = commandOn(clock, 5_000, traffic);

  await clock.pass(10_000);
  await work;

  expect(said).toEqual([
    '2 s: answered: Keystone 1; waiting for Nova (2 s)\n',
    '4 s: answered: Keystone 1; waiting for Nova (4 s)\n',
  ]);
});

test('a service that accepts and never answers ends the command in seconds, with its name', async () => {
  using clock = new VirtualClock(() => false);
  const traffic = new Traffic();
  traffic.begin('Keystone', clock.now());
  const { work } = commandOn(clock, 600_000, traffic);

  const rejected = expect(work).rejects.toThrow('Keystone accepted a request and has not answered for 15 s.');
  await clock.pass(20_000);
  await rejected;
});

test('a service that has answered before may take as long as a large list of the portal does', async () => {
  using clock = new VirtualClock(() => false);
  const traffic = new Traffic();
  traffic.begin('Concertim', clock.now());
  traffic.end('Concertim', clock.now());
  traffic.begin('Concertim', clock.now());
  const { work } = commandOn(clock, 90_000, traffic);

  await clock.pass(100_000);
  await expect(work).resolves.toBe('done');
});
