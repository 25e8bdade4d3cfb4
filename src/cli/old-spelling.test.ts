import { expect, test } from 'vitest';
import { withOldSpelling } from './command-line.ts';

test.each([
  ['run=updates_bulk', 'run updates_bulk'],
  ['--process=view_sync', 'run view_sync'],
  ['--process view_sync', 'run view_sync'],
  ['--process=view_sync --run_once', 'run view_sync --once'],
  ['-t --process=fe_metrics', 'run fe_metrics --once'],
  ['--run_once --process api', 'run api --once'],
  ['run=api run=metrics', 'run api metrics'],
  ['python3 /app/driver.py run=api', 'run api'],
  ['driver.py --process=billing', 'run billing'],
  ['run updates_bulk --once', 'run updates_bulk --once'],
  ['plan --json', 'plan --json'],
  ['', ''],
])('%j means %j', (before, now) => {
  const words = (line: string) => line.split(' ').filter(Boolean);

  expect(withOldSpelling(words(before))).toEqual(words(now));
});
