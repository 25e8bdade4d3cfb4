import { expect, test } from 'vitest';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { Storm } from './storm.ts';

test('a storm takes every fault back, and says how long it is not calm', async () => {
  await using sandbox = await startSandbox({ projects: 1, stacks: 1, servers: 2, pace: 0 });
  const storm = new Storm(sandbox.services.control.url, { faultMs: 5, recoveryMs: 60_000 });
  expect(storm.isCalm).toBe(true);
  const stop = new AbortController();
  const raging = storm.rage(5, stop.signal);

  // By then each kind of fault has occurred.
  await expect.poll(() => storm.faults, { timeout: 20_000 }).toBeGreaterThan(8);
  stop.abort();
  await raging;

  expect(storm.isCalm).toBe(false);
  expect(sandbox.faults.armed).toEqual([]);
}, 30_000);
