import { CostReader } from '../billing/cost-reader.ts';
import { OrderSweep } from '../billing/order-sweep.ts';
import { StackLedger } from '../billing/stack-ledger.ts';
import { StackOrders } from '../billing/stack-orders.ts';
import type { Logger } from '../observability/logger.ts';
import type { StackId } from '../openstack/model.ts';
import type { ReconcilerOptions } from '../reconcile/reconciler.ts';
import { explain } from '../runtime/severity.ts';
import type { Foundation } from './foundation.ts';
import { OwnerAccounts } from './owner-accounts.ts';

/** What a run knows and does of costs, orders and credits. None of it can fail a run. */
export function createMoney(
  base: Foundation,
  log: Logger,
): Pick<ReconcilerOptions, 'costs' | 'orders' | 'onFullRun'> {
  const { config, cloud, billing, clock } = base;
  const costs =
    config.billing.rating === 'none'
      ? undefined
      : new CostReader({ session: cloud, ledger: new StackLedger(config.dataDir), clock });
  const orders = new StackOrders({ billing, clock });
  const sweep = sweepOrders(base, log);
  const accounts = new OwnerAccounts(base, log);
  return {
    costs,
    orders: (signal) => orders.read(signal),
    onFullRun: async ({ stacks, portal, costs }, signal) => {
      await sweep(stacks, signal);
      await accounts.write(portal, costs, signal);
    },
  };
}

/** Closes orders that are over. A platform that cannot be reached holds up nothing else. */
function sweepOrders({ billing, cloud, clock }: Foundation, log: Logger) {
  const sweep = new OrderSweep({ billing, cloud, clock });
  return async (stacks: ReadonlySet<StackId>, signal?: AbortSignal) => {
    try {
      for (const closed of await sweep.run(stacks, signal)) log.info(closed, 'order closed');
    } catch (error) {
      signal?.throwIfAborted();
      log.warn({ err: error, why: explain(error) }, 'orders not swept');
    }
  };
}
