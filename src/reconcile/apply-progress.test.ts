import { expect, test } from 'vitest';
import { ManualClock } from '../../test/support/manual-clock.ts';
import { createLogger } from '../observability/logger.ts';
import { ApplyProgress, type Progress } from './apply-progress.ts';

test('a long run says every ten seconds how far it is, and for how long it goes on at this pace', () => {
  const clock = new ManualClock(0);
  const lines: { msg: string }[] = [];
  const said: Progress[] = [];
  const output = { write: (line: string) => lines.push(JSON.parse(line)) };
  const log = createLogger({ level: 'info', format: 'json', output });
  const progress = new ApplyProgress({ total: 40, clock, log, onProgress: (one) => said.push(one) });

  for (let change = 0; change < 9; change++) {
    clock.advance(2_000);
    progress.advance();
  }

  expect(said).toEqual([{ done: 5, total: 40, perSecond: 0.5, leftMs: 70_000 }]);
  expect(lines).toMatchObject([
    { msg: 'reconcile in progress', done: 5, total: 40, perSecond: 0.5, leftMs: 70_000 },
  ]);
});
