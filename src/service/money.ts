import type { OrderId } from '../billing/billing.ts';
import { CostReader } from '../billing/cost-reader.ts';
import { LedgerRebuild } from '../billing/ledger-rebuild.ts';
import { type IsSettled, OrderSweep } from '../billing/order-sweep.ts';
import { withOwnRating } from '../billing/own-rating.ts';
import { StackLedger } from '../billing/stack-ledger.ts';
import { StackOrders } from '../billing/stack-orders.ts';
import { UsageLedger } from '../billing/usage/usage-ledger.ts';
import { UsagePoster } from '../billing/usage/usage-poster.ts';
import type { UsageState } from '../billing/usage/usage-progress.ts';
import type { Owner } from '../concertim/model.ts';
import { projectsOf } from '../concertim/owners.ts';
import type { Logger } from '../observability/logger.ts';
import type { MoneyReport } from '../observability/money-report.ts';
import { SaidOnce } from '../observability/said-once.ts';
import type { ProjectId, StackId } from '../openstack/model.ts';
import type { Session as CloudSession } from '../openstack/session.ts';
import type { CostSource } from '../reconcile/cost-source.ts';
import type { ReconcilerOptions } from '../reconcile/reconciler.ts';
import { explain, severityOf } from '../runtime/severity.ts';
import type { Cloud, Foundation } from './foundation.ts';
import { type KnownAccount, OwnerAccounts } from './owner-accounts.ts';
import { UsageLog } from './usage-log.ts';

/** The work of a run on costs, orders, usage and credits. None of its errors fails the run. */
export function createMoney(
  base: Foundation,
  log: Logger,
): Pick<ReconcilerOptions, 'costs' | 'orders' | 'onFullRun'> {
  const { config, clouds, billing, clock } = base;
  const stacks = new StackLedger(config.dataDir);
  const orders = new StackOrders({ billing, clock });
  const rated =
    config.billing.rating === 'none'
      ? []
      : clouds.map((cloud, at) => ratedCloud(base, cloud, { at, stacks, log }));
  /** Clouds whose CloudKitty is that of another, which records the usage of both. */
  let doubles: ReadonlySet<RatedCloud> = new Set();
  // Before the ledger is rebuilt nothing is settled: usage found later could not be recorded for a closed order.
  const isSettled = (order: OrderId, project: string, until: number, names: readonly string[]) =>
    rated
      .filter(({ name }) => names.length === 0 || names.includes(name))
      .every(
        (cloud) =>
          !cloud.poster ||
          (cloud.rebuild.isDone && (doubles.has(cloud) || cloud.poster.isSettled(order, project, until))),
      );
  const sweep = sweepOrders(base, log);
  const closeAccounts = createAccountClosing(base, log);
  const accounts = new OwnerAccounts(base, log);
  return {
    costs: costSource(rated),
    orders: (signal) => orders.read(signal),
    onFullRun: async ({ clouds, stacks, portal, costsOf, cloudsOf }, signal) => {
      const read = rated.filter(({ name }) => clouds.has(name));
      const own = new Set(await withOwnRating(read, signal));
      doubles = new Set(read.filter((cloud) => !own.has(cloud)));
      for (const cloud of read) {
        await cloud.rebuildLedger(portal.owners, signal);
        if (own.has(cloud)) await cloud.post?.(portal.owners, signal);
      }
      const isOver: IsSettled = (order, project, until) =>
        isSettled(order, project, until, cloudsOf(project as ProjectId));
      await sweep(stacks, isOver, signal);
      await closeAccounts(isOver, signal);
      const known = await accounts.write(portal, costsOf, signal);
      base.observation.accounted(
        moneyReport(billing.platform, known, stateOf(rated.filter((cloud) => !doubles.has(cloud)))),
      );
    },
  };
}

/** What a cloud that rates is read and recorded with. */
function ratedCloud(
  base: Foundation,
  { config: { name }, session }: Cloud,
  { at, stacks, log }: { readonly at: number; readonly stacks: StackLedger; readonly log: Logger },
) {
  const { clock } = base;
  const rebuild = new LedgerRebuild({
    cloud: session,
    cloudName: at === 0 ? undefined : name,
    ledger: stacks,
    clock,
  });
  const poster = createUsagePoster(base, session, stacks);
  return {
    name,
    session,
    reader: new CostReader({ session, ledger: stacks, clock }),
    rebuild,
    rebuildLedger: createLedgerRebuild(rebuild, log),
    poster,
    post: poster && postUsage(poster, log),
  };
}

type RatedCloud = ReturnType<typeof ratedCloud>;

/** The members of all stacks are in one ledger. */
function costSource(rated: readonly RatedCloud[]): CostSource | undefined {
  const [first] = rated;
  return (
    first && {
      read: async (cloud, signal) => rated.find(({ name }) => name === cloud)?.reader.read(signal),
      note: (members) => first.reader.note(members),
    }
  );
}

/** Of all clouds together; undefined: usage is never recorded. */
function stateOf(rated: readonly RatedCloud[]): UsageState | undefined {
  const states = rated.flatMap(({ poster }) => poster?.state ?? []);
  const [first, ...others] = states;
  return others.reduce<UsageState | undefined>(
    (sum, state) =>
      sum && {
        left: sum.left + state.left,
        over: sum.over + state.over,
        unbilled: [...sum.unbilled, ...state.unbilled],
        completeAt:
          sum.completeAt === undefined || state.completeAt === undefined
            ? undefined
            : Math.min(sum.completeAt, state.completeAt),
      },
    first,
  );
}

/** Leaves out costs of projects without an owner in the portal. */
function moneyReport(
  platform: string,
  known: readonly KnownAccount[],
  usage: UsageState | undefined,
): MoneyReport {
  const unbilled = new Map<string, number>();
  for (const { projectId, cost } of usage?.unbilled ?? [])
    unbilled.set(projectId, (unbilled.get(projectId) ?? 0) + cost);
  const owners = known.map(({ projectId, ...owner }) => ({
    ...owner,
    unbilled: usage && (unbilled.get(projectId) ?? 0),
  }));
  return { platform, owners, usage };
}

/** @returns undefined: nothing is rated, or nothing is billed */
export function createUsagePoster(
  { config, billing, clock }: Foundation,
  cloud: CloudSession,
  stacks: StackLedger,
): UsagePoster | undefined {
  if (config.billing.rating === 'none' || !billing.usage) return undefined;
  const { usageSince: othersSince } = config.billing;
  const ledger = new UsageLedger(config.dataDir);
  return new UsagePoster({ book: billing.usage, cloud, stacks, ledger, clock, othersSince });
}

/** Records what is due. What cannot be recorded now is due again in the next run. */
function postUsage(poster: UsagePoster, log: Logger) {
  const usageLog = new UsageLog(log);
  return async (owners: readonly Owner[], signal?: AbortSignal) => {
    try {
      const report = await poster.run(projectsOf(owners), signal);
      if (report) usageLog.write(report);
    } catch (error) {
      signal?.throwIfAborted();
      usageLog.failed(error);
    }
  };
}

/** Adds to the ledger of stacks what the cloud remembers. */
function createLedgerRebuild(rebuild: LedgerRebuild, log: Logger) {
  const said = new SaidOnce();
  const failed: Warn = (fields) => log.warn(fields, 'failed to rebuild the record of stacks, will retry');
  return async (owners: readonly Owner[], signal?: AbortSignal) =>
    attempt({ said, failed, signal }, async () => {
      const rebuilt = await rebuild.run(projectsOf(owners), signal);
      const isNews = rebuilt && Object.values(rebuilt).some((count) => count > 0);
      if (isNews) log.info(rebuilt, 'rebuilt the record of stacks from Heat');
      return true;
    });
}

/** Closes orders whose stacks are deleted. An unavailable platform stops nothing else. */
function sweepOrders({ billing, clouds, clock }: Foundation, log: Logger) {
  const sweep = new OrderSweep({ billing, clouds: clouds.map(({ session }) => session), clock });
  const said = new SaidOnce();
  const failed: Warn = (fields) => log.warn(fields, 'failed to check open orders, will retry');
  return async (stacks: ReadonlySet<StackId>, isSettled: IsSettled, signal?: AbortSignal) =>
    attempt({ said, failed, signal }, async () => {
      const swept = await sweep.run(stacks, isSettled, signal);
      if (!swept) return false;
      for (const closed of swept.closed) log.info(closed, 'billing order closed');
      for (const { error, ...order } of swept.failures) {
        const why = explain(error);
        said.say(`${order.order} ${why}`, () =>
          log.warn({ ...order, why, err: error }, 'failed to close billing order, will retry'),
        );
      }
      return true;
    });
}

/** Closes the accounts of deleted teams. */
function createAccountClosing({ closings }: Foundation, log: Logger) {
  const said = new SaidOnce();
  const failed: Warn = (fields) => log.warn(fields, 'failed to close billing account, will retry');
  return async (isSettled: IsSettled, signal?: AbortSignal) =>
    attempt({ said, failed, signal }, async () => {
      const swept = await closings.run(isSettled, signal);
      if (!swept) return false;
      for (const account of swept.closed) log.info({ account }, 'billing account closed');
      for (const { account, error } of swept.failures) {
        const why = explain(error);
        said.say(`${account} ${why}`, () => failed({ account, why, err: error }));
      }
      return true;
    });
}

type Warn = (fields: { readonly why: string; readonly err: unknown; readonly account?: string }) => void;

/**
 * Does one task of a run. An error does not fail the run, and is logged once for as long as it lasts.
 *
 * @param task returns whether it was due
 */
async function attempt(
  {
    said,
    failed,
    signal,
  }: { readonly said: SaidOnce; readonly failed: Warn; readonly signal: AbortSignal | undefined },
  task: () => Promise<boolean>,
): Promise<void> {
  try {
    if (await task()) said.endRound();
  } catch (error) {
    signal?.throwIfAborted();
    // By severity: of concurrent requests a different one may fail first each time.
    said.say(severityOf(error), () => failed({ why: explain(error), err: error }));
    said.endRound(false);
  }
}
