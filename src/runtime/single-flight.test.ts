import { expect, test } from 'vitest';
import { SingleFlight } from './single-flight.ts';

/** Work that a test ends by hand. */
function heldWork() {
  const flights: PromiseWithResolvers<number>[] = [];
  const work = () => {
    const flight = Promise.withResolvers<number>();
    flights.push(flight);
    return flight.promise;
  };
  return { flights, work };
}

test('all who join before the end get one outcome, who joins after it another', async () => {
  const { flights, work } = heldWork();
  const flight = new SingleFlight(work);

  const joined = [flight.join(), flight.join()];
  flights[0]?.resolve(1);
  const first = await Promise.all(joined);
  const late = flight.join();
  flights[1]?.resolve(2);

  expect(first).toEqual([1, 1]);
  expect(await late).toBe(2);
});

test('a failure reaches all callers and is not kept', async () => {
  const { flights, work } = heldWork();
  const flight = new SingleFlight(work);

  const joined = [flight.join(), flight.join(new AbortController().signal)];
  flights[0]?.reject(new Error('lost'));
  const outcomes = await Promise.allSettled(joined);
  const again = flight.join();
  flights[1]?.resolve(3);

  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(await again).toBe(3);
});

test('who is aborted leaves at once, the others get the outcome', async () => {
  const { flights, work } = heldWork();
  const flight = new SingleFlight(work);
  const leaver = new AbortController();

  const left = flight.join(leaver.signal);
  const stayed = flight.join();
  leaver.abort(new Error('enough'));
  await expect(left).rejects.toThrow('enough');
  flights[0]?.resolve(4);

  expect(await stayed).toBe(4);
  expect(flights).toHaveLength(1);
});
