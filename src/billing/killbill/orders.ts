import { parseBody } from '../../http/body.ts';
import { BodyError } from '../../http/errors.ts';
import { parseTime } from '../../runtime/clock.ts';
import type { AccountId, Order, OrderId } from '../billing.ts';
import { BillingError } from '../errors.ts';
import { codeOf, codes, createdId, type KillBillClient, refusal } from './client.ts';
import { type PagedRows, readPages } from './pages.ts';
import { readTags, type Tags } from './tags.ts';
import * as wire from './wire.ts';

/** What the keys of our orders begin with. */
const ownKey = 'concertim-';
/** Orders that may be opened one after the other by one key. */
const mostOfAKey = 10;
const dayMs = 86_400_000;
const bundles: PagedRows<wire.Bundle> = { rows: wire.Bundles, idOf: ({ bundleId }) => bundleId };

/** Orders: subscriptions, each in a bundle of its own, both made under one key of ours. */
export class KillBillOrders {
  readonly #client: KillBillClient;
  readonly #plan: string;

  /** @param plan what each order is a subscription to */
  constructor(client: KillBillClient, plan: string) {
    this.#client = client;
    this.#plan = plan;
  }

  /** A key stays taken when its order is closed: the next order is opened under the key with a number. */
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
    // A second time: 500 in 0.22.
    if (codeOf(response) !== codes.isCancelled) throw refusal(response);
  }

  /** Those that are closed too, in a few requests. */
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
   * The key is looked for first: KillBill 0.22 answers 500 to a key whose order is closed, and from then on to every list of
   * all orders of the tenant.
   *
   * @returns undefined: the key's order is closed
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
      // Somebody has opened it meanwhile, or we have, and the answer was lost.
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

/** 0.22 tells the day alone. */
function latestOf(date: string): number | undefined {
  const at = parseTime(date);
  return at !== undefined && date.length === '2026-11-01'.length ? at + dayMs : at;
}
