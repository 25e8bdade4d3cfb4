import { CostReader } from '../billing/cost-reader.ts';
import { LedgerRebuild } from '../billing/ledger-rebuild.ts';
import { OrderSweep } from '../billing/order-sweep.ts';
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
import type { StackId } from '../openstack/model.ts';
import type { ReconcilerOptions } from '../reconcile/reconciler.ts';
import { explain, severityOf } from '../runtime/severity.ts';
import type { Foundation } from './foundation.ts';
import { type KnownAccount, OwnerAccounts } from './owner-accounts.ts';
import { UsageLog } from './usage-log.ts';

/** The work of a run on costs, orders, usage and credits. None of its errors fails the run. */
export function createMoney(
  base: Foundation,
  log: Logger,
): Pick<ReconcilerOptions, 'costs' | 'orders' | 'onFullRun'> {
  const { config, cloud, billing, clock } = base;
  const stacks = new StackLedger(config.dataDir);
  const isRated = config.billing.rating !== 'none';
  const costs = isRated ? new CostReader({ session: cloud, ledger: stacks, clock }) : undefined;
  const orders = new StackOrders({ billing, clock });
  const rebuild = isRated ? new LedgerRebuild({ cloud, ledger: stacks, clock }) : undefined;
  const rebuildLedger = rebuild && createLedgerRebuild(rebuild, log);
  const poster = createUsagePoster(base, stacks);
  const post = poster && postUsage(poster, log);
  // Before the ledger is rebuilt nothing is settled: usage found later could not be recorded for a closed order.
  const isSettled: IsSettled | undefined =
    poster && ((...of) => rebuild?.isDone !== false && poster.isSettled(...of));
  const sweep = sweepOrders(base, isSettled, log);
  const closeAccounts = createAccountClosing(base, isSettled, log);
  const accounts = new OwnerAccounts(base, log);
  return {
    costs,
    orders: (signal) => orders.read(signal),
    onFullRun: async ({ stacks, portal, costs }, signal) => {
      await rebuildLedger?.(portal.owners, signal);
      await post?.(portal.owners, signal);
      await sweep(stacks, signal);
      await closeAccounts(signal);
      const known = await accounts.write(portal, costs, signal);
      base.observation.accounted(moneyReport(billing.platform, known, poster?.state));
    },
  };
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
  { config, cloud, billing, clock }: Foundation,
  stacks = new StackLedger(config.dataDir),
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

type IsSettled = UsagePoster['isSettled'];

/** Closes orders whose stacks are deleted. An unavailable platform stops nothing else. */
function sweepOrders({ billing, cloud, clock }: Foundation, isSettled: IsSettled | undefined, log: Logger) {
  const sweep = new OrderSweep({ billing, cloud, clock, ...(isSettled && { isSettled }) });
  const said = new SaidOnce();
  const failed: Warn = (fields) => log.warn(fields, 'failed to check open orders, will retry');
  return async (stacks: ReadonlySet<StackId>, signal?: AbortSignal) =>
    attempt({ said, failed, signal }, async () => {
      const swept = await sweep.run(stacks, signal);
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
function createAccountClosing({ closings }: Foundation, isSettled: IsSettled | undefined, log: Logger) {
  const said = new SaidOnce();
  const failed: Warn = (fields) => log.warn(fields, 'failed to close billing account, will retry');
  return async (signal?: AbortSignal) =>
    attempt({ said, failed, signal }, async () => {
      const swept = await closings.run(isSettled ?? (() => true), signal);
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
