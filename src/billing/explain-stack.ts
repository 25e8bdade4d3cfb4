import { hasRating, listRated, type Rated } from '../openstack/rating.ts';
import type { Session } from '../openstack/session.ts';
import { type Clock, isoTime } from '../runtime/clock.ts';
import { isoDate, monthOf } from '../runtime/month.ts';
import type { Billing, Order } from './billing.ts';
import type { Membership, StackLedger } from './stack-ledger.ts';
import { describeStep, money } from './usage/describe-usage.ts';
import type { UsagePoster } from './usage/usage-poster.ts';
import type { UsageReview } from './usage/usage-review.ts';

export interface StackBillingSources {
  readonly billing: Billing;
  readonly cloud: Session;
  readonly stacks: StackLedger;
  /** undefined: nothing is ever recorded. */
  readonly poster: UsagePoster | undefined;
  readonly clock: Clock;
}

/** Where the figures of one stack come from. */
export interface StackBilling {
  readonly stack: string;
  readonly orders: readonly Order[];
  readonly members: readonly Membership[];
  /** Of its resources, this month; undefined: the cloud rates nothing by resource. */
  readonly rated: readonly Rated[] | undefined;
  /** Of days that are over; undefined: nothing is ever recorded. */
  readonly usage: Pick<UsageReview, 'steps' | 'unbilled'> | undefined;
}

/**
 * What is known of a stack's money.
 *
 * @param query its id, or its name as its order has it
 * @returns undefined: neither an order nor the record of stacks has it
 */
export async function stackBilling(
  query: string,
  { billing, cloud, stacks, poster, clock }: StackBillingSources,
  signal?: AbortSignal,
): Promise<StackBilling | undefined> {
  const all = await (billing.usage ?? billing).orders(signal);
  const orders = all.filter(
    ({ tags }) => tags['openstack_stack_id'] === query || tags['openstack_stack_name'] === query,
  );
  const stack = orders[0]?.tags['openstack_stack_id'] ?? query;
  const members = await stacks.membershipsOf(stack);
  if (orders.length === 0 && members.length === 0) return undefined;
  const month = monthOf(clock.now());
  const rated = (await hasRating(cloud, signal)) ? await listRated(cloud, { ...month, signal }) : undefined;
  const stackOf = await stacks.stacksAt(clock.now());
  const usage = await poster?.plan(undefined, signal);
  return {
    stack,
    orders,
    members,
    rated: rated?.filter(({ id }) => stackOf.get(id) === stack),
    usage: usage && {
      steps: usage.steps.filter((step) => step.stack === stack),
      unbilled: usage.unbilled.filter((cost) => cost.stack === stack),
    },
  };
}

/** For a person, from what it is billed under to each day. */
export function describeStackBilling({ stack, orders, members, rated, usage }: StackBilling): string {
  const lines = [`stack ${stack}`];
  if (orders.length === 0) lines.push('  no order names it: it is billed to nobody');
  for (const order of orders) lines.push(`  ${describeOrder(order)}`);
  if (rated) {
    lines.push(`  rated this month: ${money(rated.reduce((sum, { rate }) => sum + rate, 0))}`);
    for (const { id, type, rate } of rated) lines.push(`    ${money(rate)}  ${type} of ${id}`);
  } else lines.push('  this cloud rates nothing by resource: there is no CloudKitty with v2');
  lines.push(`  resources that were in it: ${members.length}`);
  for (const { resource, from, until } of members) {
    const end = until === undefined ? '' : ` to ${isoTime(until)}`;
    lines.push(`    ${resource}  from ${isoTime(from)}${end}`);
  }
  if (!usage) lines.push('  nothing is recorded: there is no billing platform, or nothing is rated');
  for (const step of usage?.steps ?? []) lines.push(`  ${step.day} ${describeStep(step)}`);
  for (const { day, unit, cost, because } of usage?.unbilled ?? [])
    lines.push(`  ${day} ! ${money(cost)}  ${unit} is billed to nobody: ${because}`);
  return lines.join('\n');
}

function describeOrder({ id, accountId, isOurs, openedAt, since, until }: Order): string {
  const opened = since ?? (openedAt === undefined ? 'an unknown day' : isoDate(openedAt));
  const closed = until === undefined ? 'open' : `closed on ${until}`;
  return `order ${id} of account ${accountId}, opened on ${opened} by ${isOurs ? 'this service' : 'another service'}, ${closed}`;
}
