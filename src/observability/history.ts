import { z } from 'zod';

const Time = z.iso.datetime();

/** One thing that a run did, refused or failed at, in words. */
export const RunLine = z.object({
  kind: z.enum(['change', 'failure', 'skipped', 'held', 'refused', 'unreadable', 'drift']),
  text: z.string(),
});
export type RunLine = z.infer<typeof RunLine>;

/** A run that had something to say. */
export const RunRecord = z.object({
  runId: z.string(),
  scope: z.enum(['full', 'targeted']),
  startedAt: Time,
  ms: z.number(),
  changes: z.number(),
  lines: z.array(RunLine),
  /** How many lines there are beyond these. */
  more: z.number(),
});
export type RunRecord = z.infer<typeof RunRecord>;

/** One cycle of the component metrics. */
export const CycleRecord = z.object({
  startedAt: Time,
  ms: z.number(),
  instances: z.number(),
  sent: z.number(),
  unknown: z.number(),
  failed: z.number(),
  left: z.number(),
  due: z.number(),
  delivered: z.number(),
});
export type CycleRecord = z.infer<typeof CycleRecord>;

/** What a process remembers of what it did, the oldest first: for the status page. */
export const History = z.object({
  /** Whether the last look found portal and cloud in step or brought them there, and since when; null before the first. */
  inStep: z.object({ is: z.boolean(), since: Time, because: z.string().nullable() }).nullable(),
  runs: z.array(RunRecord),
  /** When notifications came, and how long they were on their way. */
  lags: z.array(z.object({ at: Time, ms: z.number() })),
  cycles: z.array(CycleRecord),
});
export type History = z.infer<typeof History>;
