import { expect, test } from 'vitest';
import type { UsageReport } from '../billing/usage/usage-poster.ts';
import type { UsageStep } from '../billing/usage/usage-review.ts';
import { createLogger } from '../observability/logger.ts';
import { UsageLog } from './usage-log.ts';

function over(order: string): UsageStep {
  const bucket = { order, stack: 'stack', unit: 'instance', day: '2026-11-22', amount: 1, cost: 1 };
  return { ...bucket, step: 'over', recorded: { amount: 2, records: 1 } } as UsageStep;
}

function report(orders: readonly string[]): UsageReport {
  const nothing = { days: ['2026-11-22'], made: [], failures: [], unbilled: [], units: new Map() };
  return { ...nothing, ratedUntil: new Map(), steps: orders.map(over) } as unknown as UsageReport;
}

test('too much usage is said once as long as it is seen, and what was not seen for long is forgotten', () => {
  const lines: string[] = [];
  const output = { write: (line: string) => void lines.push(line) };
  const usageLog = new UsageLog(createLogger({ level: 'info', format: 'json', output }));
  const others = (from: number) => Array.from({ length: 6_000 }, (_, at) => `order-${from + at}`);
  const said = () => lines.filter((line) => line.includes('"order":"first"')).length;

  usageLog.write(report(['first']));
  usageLog.write(report([...others(0), 'first']));
  usageLog.write(report([...others(6_000), 'first']));
  expect(said()).toBe(1);

  usageLog.write(report([...others(12_000), ...others(18_000)]));
  usageLog.write(report(['first']));
  expect(said()).toBe(2);
});
