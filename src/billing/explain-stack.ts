import { hasRating, listRated, type Rated } from '../openstack/rating.ts';
import type { Session } from '../openstack/session.ts';
import { type Clock, isoTime } from '../runtime/clock.ts';
import { isoDate, monthOf } from '../runtime/month.ts';
import type { Billing, Order } from './billing.ts';
import { withOwnRating } from './own-rating.ts';
import { describeUnread, readClouds, type UnreadCloud } from './read-clouds.ts';
import type { Membership, StackLedger } from './stack-ledger.ts';
import { describeStep, money } from './usage/describe-usage.ts';
import type { UsagePoster } from './usage/usage-poster.ts';
import type { UsageReview } from './usage/usage-review.ts';

export interface StackBillingSources {
  readonly billing: Billing;
  readonly clouds: readonly RatingCloud[];
  readonly stacks: StackLedger;
  readonly clock: Clock;
}

/** A cloud that may rate. */
export interface RatingCloud {
  readonly name: string;
  readonly session: Session;
  /** undefined: usage is never recorded. */
  readonly poster: UsagePoster | undefined;
}

/** Where the figures of one stack come from. */
export interface StackBilling {
  readonly stack: string;
  readonly orders: readonly Order[];
  readonly members: readonly Membership[];
  /** What its resources were rated this month; undefined: the cloud does not rate by resource. */
  readonly rated: readonly Rated[] | undefined;
  /** Usage on past days; undefined: usage is never recorded. */
  readonly usage: Pick<UsageReview, 'steps' | 'unbilled'> | undefined;
  /** Clouds whose ratings are not in it; undefined: all were read. */
  readonly unread: readonly UnreadCloud[] | undefined;
}

/**
 * Collects the billing data of a stack.
 *
 * @param query id of the stack, or its name in the order
 * @returns undefined: neither an order nor the record of stacks has the stack
 */
export async function stackBilling(
  query: string,
  { billing, clouds, stacks, clock }: StackBillingSources,
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
  const { found, unread } = await readClouds(
    await withOwnRating(clouds, signal),
    async ({ session, poster }) => ({
      rated: (await hasRating(session, signal)) ? await listRated(session, { ...month, signal }) : undefined,
      usage: await poster?.plan(undefined, signal),
    }),
    signal,
  );
  const stackOf = await stacks.stacksAt(clock.now());
  const rated = found.flatMap((cloud) => (cloud.rated ? [cloud.rated] : []));
  const usage = found.flatMap((cloud) => cloud.usage ?? []);
  return {
    stack,
    orders,
    members,
    rated: rated.length > 0 ? rated.flat().filter(({ id }) => stackOf.get(id) === stack) : undefined,
    usage:
      usage.length > 0
        ? {
            steps: usage.flatMap(({ steps }) => steps).filter((step) => step.stack === stack),
            unbilled: usage.flatMap(({ unbilled }) => unbilled).filter((cost) => cost.stack === stack),
          }
        : undefined,
    unread,
  };
}

/** The billing data as lines of text, from the order to the single days. */
export function describeStackBilling(found: StackBilling): string {
  const { stack, orders, members, rated, usage, unread } = found;
  const lines = [`stack ${stack}`, ...describeUnread(unread).map((line) => `  ${line}`)];
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
