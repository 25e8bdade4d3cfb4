import { z } from 'zod';
import { History } from './history.ts';

const Time = z.iso.datetime();

/** One reconcile in short. */
export const RunStatus = z.object({
  startedAt: Time,
  ms: z.number(),
  changes: z.number(),
  failures: z.number(),
  held: z.number(),
  drift: z.number(),
  deletionsRefused: z.number(),
});
export type RunStatus = z.infer<typeof RunStatus>;

/** What the components of one process did and are doing: `GET /status`. Times are ISO texts. */
export const Status = z.object({
  version: z.string(),
  pid: z.number(),
  startedAt: Time,
  components: z.array(
    z.object({
      component: z.string(),
      ready: z.boolean(),
      /** Not ready yet: it does its work for the first time, and nothing has failed. */
      starting: z.boolean().default(false),
      failing: z.boolean().default(false),
      status: z.string(),
      /** It works all the time, not in rounds: `lastSuccessAt` says since when. */
      continuous: z.boolean().default(false),
      lastSuccessAt: Time.nullable(),
    }),
  ),
  /** null where nothing reconciles. */
  updates: z
    .object({
      /** Whether this process writes to the portal, or is on standby. */
      writer: z.boolean(),
      /** Since when writing is paused; null: it is not. */
      paused: z.object({ since: Time, reason: z.string().nullable() }).nullable().default(null),
      /** Objects waiting to be reconciled. */
      backlog: z.number(),
      /** Objects that are skipped because another writer undoes what is written to them. */
      contested: z.array(z.string()).default([]),
      /** Of several clouds those that a run has needed. `away`: since when one cannot be read, and why; null: it was read. */
      clouds: z
        .array(z.object({ name: z.string(), away: z.object({ since: Time, why: z.string() }).nullable() }))
        .default([]),
      /** Release of the portal; null: not known yet. */
      release: z.string().nullable().default(null),
      lastFull: RunStatus.nullable(),
      lastTargeted: RunStatus.nullable(),
      /** The last run that failed as a whole; null once a full one has come to an end since. */
      failure: z.object({ at: Time, why: z.string() }).nullable(),
    })
    .nullable(),
  /** null where that is no task. `lagMs`: of the last one, from its sending to its arrival. */
  notifications: z
    .object({
      listening: z.boolean(),
      received: z.number(),
      lastAt: Time.nullable(),
      lagMs: z.number().nullable(),
    })
    .nullable(),
  /** The last cycle of the component metrics; null where there was none. */
  metrics: z
    .object({
      instances: z.number(),
      sent: z.number(),
      kept: z.number(),
      /** Figures that are not known, such as those of stopped instances. */
      unknown: z.number(),
      failed: z.number(),
      /** Not sent because time ran out: they come first in the next cycle. */
      left: z.number(),
      /** Figures that should be with the portal, and those of them that are. */
      due: z.number(),
      delivered: z.number(),
      /** Age of the oldest among the newest measures of the known figures; null: there are none. */
      oldestMs: z.number().nullable(),
      /** Unknown figures by their reason. */
      reasons: z.record(z.string(), z.number()),
      ms: z.number(),
    })
    .nullable(),
  /** What the last full run knew of money; null where none has ended. Amounts are in the currency of the cloud's prices. */
  money: z
    .object({
      platform: z.string(),
      /** How many owners have a project. */
      owners: z.number(),
      /** Cost of all of them this month; null: not known. */
      cost: z.number().nullable(),
      /** Owners who cost something and can no longer launch a cluster, lowest credits first; 20 at most. */
      lowCredits: z.array(z.object({ owner: z.string(), credits: z.number() })),
      /** Cost that is rated and billed to nobody; null where usage is never recorded. */
      unbilled: z.number().nullable(),
      /** null where usage is never recorded. */
      usage: z.object({ left: z.number(), over: z.number(), completeAt: Time.nullable() }).nullable(),
    })
    .nullable()
    .default(null),
  /** The systems that requests go to: when each last answered, and how it last failed. */
  sources: z.array(
    z.object({
      service: z.string(),
      /** null: there is one cloud, or it is of none. */
      cloud: z.string().nullable().default(null),
      answeredAt: Time.nullable(),
      failedAt: Time.nullable(),
      failure: z.string().nullable(),
    }),
  ),
  /** What it did lately. */
  history: History.optional(),
});
export type Status = z.infer<typeof Status>;
