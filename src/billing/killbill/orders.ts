import { parseBody } from '../../http/body.ts';
import { BodyError } from '../../http/errors.ts';
import { parseTime } from '../../runtime/clock.ts';
import type { AccountId, Order, OrderId } from '../billing.ts';
import { BillingError } from '../errors.ts';
import { codeOf, codes, createdId, type KillBillClient, refusal } from './client.ts';
import { type PagedRows, readPages } from './pages.ts';
import { readTags, type Tags } from './tags.ts';
import * as wire from './wire.ts';

/** Prefix of the external keys of orders that this service opens. */
const ownKey = 'concertim-';
/** Most orders that one key can open, one after the other. */
const mostOfAKey = 10;
const dayMs = 86_400_000;
const bundles: PagedRows<wire.Bundle> = { rows: wire.Bundles, idOf: ({ bundleId }) => bundleId };

/** Orders: subscriptions, each in its own bundle, both created with the same external key. */
export class KillBillOrders {
  readonly #client: KillBillClient;
  readonly #plan: string;

  /** @param plan name of the catalog plan that each order subscribes to */
  constructor(client: KillBillClient, plan: string) {
    this.#client = client;
    this.#plan = plan;
  }

  /** A key stays taken after its order is closed: the next order gets the key with a number. */
  async open(account: AccountId, key: string, signal?: AbortSignal): Promise<OrderId> {
    for (let number = 1; number <= mostOfAKey; number++) {
      const externalKey = number === 1 ? `${ownKey}${key}` : `${ownKey}${key}-${number}`;
      const order = await this.#openUnder(account, externalKey, signal);
      if (order !== undefined) return order;
    }
    throw new BillingError('conflict', `The ${mostOfAKey} orders opened by key ${key} are all closed.`);
  }

  async tag(order: OrderId, name: string, value: string, signal?: AbortSignal): Promise<string> {
    const path = `/subscriptions/${encodeURIComponent(order)}/customFields`;
    const request = { path, route: '/subscriptions/{id}/customFields', signal };
    const read = async () => {
      const response = await this.#client.request({ method: 'GET', ...request });
      return parseBody(response, wire.CustomFields).find((field) => field.name === name);
    };
    const present = await read();
    if (present?.value === value) return present.customFieldId;
    const body = [{ ...(present && { customFieldId: present.customFieldId }), name, value }];
    await this.#client.request({ method: present ? 'PUT' : 'POST', body, ...request });
    return (await read())?.customFieldId ?? order;
  }

  async close(order: OrderId, signal?: AbortSignal): Promise<void> {
    const response = await this.#client.request({
      method: 'DELETE',
      path: `/subscriptions/${encodeURIComponent(order)}`,
      route: '/subscriptions/{id}',
      query: { entitlementPolicy: 'IMMEDIATE', billingPolicy: 'IMMEDIATE' },
      accept: [400, 404, 500],
      signal,
    });
    if (response.status < 300 || response.status === 404) return;
    // Already closed: KillBill 0.22 answers 500 with this code.
    if (codeOf(response) !== codes.isCancelled) throw refusal(response);
  }

  /** All orders, including closed ones, in a few requests. */
  async all(signal?: AbortSignal): Promise<Order[]> {
    const [found, tags] = await Promise.all([
      readPages(this.#client, { path: '/bundles/pagination' }, bundles, signal),
      readTags(this.#client, signal),
    ]);
    return found
      .flatMap(({ subscriptions }) => subscriptions)
      .map((subscription) => toOrder(subscription, tags));
  }

  /**
   * Opens the order of a key, after looking for the key: KillBill 0.22 answers 500 to a create with the key of a closed order, and
   * from then on to every list of the tenant's orders.
   *
   * @returns undefined: the order of the key is closed
   */
  async #openUnder(
    account: AccountId,
    externalKey: string,
    signal: AbortSignal | undefined,
  ): Promise<OrderId | undefined> {
    const present = await this.#byKey(externalKey, signal);
    if (present && present.accountId !== account) {
      throw new BillingError('conflict', `The order of key ${externalKey} belongs to another account.`);
    }
    if (present) return isOpen(present) ? (present.subscriptionId as OrderId) : undefined;
    const response = await this.#client.request({
      method: 'POST',
      path: '/subscriptions',
      route: '/subscriptions',
      query: { callCompletion: false },
      body: { accountId: account, planName: this.#plan, externalKey, bundleExternalKey: externalKey },
      // The key is unique: a second one is refused.
      idempotent: true,
      accept: [400, 409, 500],
      signal,
    });
    if (response.status >= 300) {
      // Another process may have opened it meanwhile, or this one did and the answer was lost.
      const made = await this.#byKey(externalKey, signal);
      if (made?.accountId !== account || !isOpen(made)) throw refusal(response);
      return made.subscriptionId as OrderId;
    }
    const id = createdId(response);
    if (id === undefined) throw new BodyError(response, 'no address of the subscription that was made');
    return id as OrderId;
  }

  async #byKey(externalKey: string, signal: AbortSignal | undefined) {
    const path = '/subscriptions';
    const query = { externalKey };
    const request = { method: 'GET', path, route: path, query, accept: [404], signal } as const;
    const response = await this.#client.request(request);
    return response.status === 404 ? undefined : parseBody(response, wire.Subscription);
  }
}

function toOrder(subscription: wire.Subscription, tags: Tags): Order {
  const { subscriptionId, accountId, externalKey, startDate, cancelledDate } = subscription;
  return {
    id: subscriptionId as OrderId,
    accountId: accountId as AccountId,
    isOurs: externalKey?.startsWith(ownKey) ?? false,
    openedAt: startDate == null ? undefined : latestOf(startDate),
    since: dayOf(startDate),
    until: isOpen(subscription) ? undefined : (dayOf(cancelledDate) ?? dayOf(startDate) ?? ''),
    tags: tags.get(subscriptionId) ?? {},
  };
}

function isOpen({ state }: wire.Subscription): boolean {
  return state === 'ACTIVE' || state === 'PENDING';
}

function dayOf(date: string | null | undefined): string | undefined {
  return date?.slice(0, '2026-11-01'.length);
}

/** Latest time that a date stands for: 0.22 gives only the day. */
function latestOf(date: string): number | undefined {
  const at = parseTime(date);
  return at !== undefined && date.length === '2026-11-01'.length ? at + dayMs : at;
}
