import type { Rated } from '../../openstack/rating.ts';
import type { Order, UsageUnits } from '../billing.ts';
import type { Bucket } from './usage-ledger.ts';

/** Why something that was rated is billed to nobody. */
export type Unbilled = 'no-stack' | 'no-order' | 'outside-order' | 'no-unit' | 'no-price' | 'coarse-price';

/** What one bucket has cost. */
export interface BucketCost extends Bucket {
  readonly stack: string;
  readonly projectId: string;
  /** In the currency of the cloud's prices. */
  readonly cost: number;
  /** The same in units of the platform. */
  readonly amount: number;
}

/** What was rated and is in no bucket. */
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
  /** By resource. */
  readonly stackOf: ReadonlyMap<string, string>;
  /** By stack. */
  readonly ordersOf: ReadonlyMap<string, readonly Order[]>;
  /** From which day on an order is billed; undefined: not at all. */
  readonly billedSince: (order: Order) => string | undefined;
  readonly units: UsageUnits;
}

/** Where amounts are whole numbers, a unit may cost no more than this: a day's use would round to nothing. */
export const dearestWholeUnit = 0.001;

/** Everything that was rated in a day: either in a bucket, or unbilled for a reason. Nothing is left out, but what cost nothing. */
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

/** The least difference between two amounts that is one: what is smaller is rounding, here or in CloudKitty's sums. */
export function leastDifference(unit: string, { prices, decimals }: UsageUnits): number {
  return Math.max(10 ** -decimals, 1e-6 / (prices.get(unit) ?? 1));
}

export function rounded(amount: number, decimals: number): number {
  const scale = 10 ** decimals;
  return Math.round(amount * scale) / scale;
}

/** The first that is billed for the day, or the first at all. */
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
