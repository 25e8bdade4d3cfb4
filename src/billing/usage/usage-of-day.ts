import type { Rated } from '../../openstack/rating.ts';
import type { Order, UsageUnits } from '../billing.ts';
import type { Bucket } from './usage-ledger.ts';

/** Why a rated cost is not billed. */
export type Unbilled = 'no-stack' | 'no-order' | 'outside-order' | 'no-unit' | 'no-price' | 'coarse-price';

/** The cost of one bucket. */
export interface BucketCost extends Bucket {
  readonly stack: string;
  readonly projectId: string;
  /** In the currency of the cloud's prices. */
  readonly cost: number;
  /** The same cost in units of the platform. */
  readonly amount: number;
}

/** A rated cost that is in no bucket. */
export interface UnbilledCost {
  readonly projectId: string;
  readonly stack: string | undefined;
  readonly unit: string;
  readonly day: string;
  readonly cost: number;
  readonly because: Unbilled;
}

export interface UsageFacts {
  readonly day: string;
  readonly rated: readonly Rated[];
  /** Stack by resource id. */
  readonly stackOf: ReadonlyMap<string, string>;
  /** Orders by stack id. */
  readonly ordersOf: ReadonlyMap<string, readonly Order[]>;
  /** First day for which an order is billed; undefined: it is not billed. */
  readonly billedSince: (order: Order) => string | undefined;
  readonly units: UsageUnits;
}

/** Highest price of a unit if amounts are whole numbers: with a higher one, the usage of a day could round to 0. */
export const dearestWholeUnit = 0.001;

/** Assigns every rated cost of a day to a bucket, or to a reason why it is not billed. Only costs of 0 are left out. */
export function usageOfDay(facts: UsageFacts): { buckets: BucketCost[]; unbilled: UnbilledCost[] } {
  const buckets: BucketCost[] = [];
  const unbilled: UnbilledCost[] = [];
  for (const sum of sumsOf(facts)) {
    if (sum.cost <= 0) continue;
    const order = orderFor(sum, facts);
    const because = whyUnbilled(sum, order, facts);
    if (because !== undefined || sum.stack === undefined || !order) {
      unbilled.push({ ...sum, because: because ?? 'no-stack' });
      continue;
    }
    const price = facts.units.prices.get(sum.unit) ?? Number.NaN;
    const amount = rounded(sum.cost / price, facts.units.decimals);
    buckets.push({ ...sum, stack: sum.stack, order: order.id, amount });
  }
  return { buckets, unbilled };
}

/** As KillBill's catalogs of 2024 name the units. */
export function unitOf(type: string): string {
  return `openstack-billed-${type}`;
}

/** Smallest difference between two amounts that counts. A smaller one is rounding, here or in CloudKitty's sums. */
export function leastDifference(unit: string, { prices, decimals }: UsageUnits): number {
  return Math.max(10 ** -decimals, 1e-6 / (prices.get(unit) ?? 1));
}

export function rounded(amount: number, decimals: number): number {
  const scale = 10 ** decimals;
  return Math.round(amount * scale) / scale;
}

/** The stack's first order that is billed on the day; if there is none, its first order. */
function orderFor({ stack, day }: Sum, { ordersOf, billedSince }: UsageFacts): Order | undefined {
  const orders = stack === undefined ? [] : (ordersOf.get(stack) ?? []);
  return orders.find((order) => isBilled(order, day, billedSince)) ?? orders[0];
}

function isBilled(order: Order, day: string, billedSince: UsageFacts['billedSince']): boolean {
  const since = billedSince(order);
  return since !== undefined && since <= day && (order.until === undefined || day <= order.until);
}

type Sum = Omit<UnbilledCost, 'because'>;

function sumsOf({ day, rated, stackOf }: UsageFacts): Iterable<Sum> {
  const sums = new Map<string, Sum>();
  for (const { id, type, projectId, rate } of rated) {
    const stack = stackOf.get(id);
    const unit = unitOf(type);
    const key = `${stack ?? `of ${projectId}`} ${unit}`;
    const known = sums.get(key);
    sums.set(key, { projectId, stack, unit, day, ...known, cost: (known?.cost ?? 0) + rate });
  }
  return sums.values();
}

function whyUnbilled(
  { stack, unit, day }: Sum,
  order: Order | undefined,
  { units, billedSince }: UsageFacts,
): Unbilled | undefined {
  if (stack === undefined) return 'no-stack';
  if (!order) return 'no-order';
  if (!isBilled(order, day, billedSince)) return 'outside-order';
  if (!units.prices.has(unit)) return 'no-unit';
  const price = units.prices.get(unit);
  if (price === undefined) return 'no-price';
  return units.decimals === 0 && price > dearestWholeUnit ? 'coarse-price' : undefined;
}
