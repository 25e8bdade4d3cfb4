import { parseBody } from '../../http/body.ts';
import { dayPeriod, isoDate } from '../../runtime/month.ts';
import type { AccountId, Order, OrderId, UsageBook, UsageRecord, UsageUnits } from '../billing.ts';
import { readAccount } from './accounts.ts';
import { codeOf, codes, type KillBillClient, refusal } from './client.ts';
import { middayOf } from './midday.ts';
import * as wire from './wire.ts';

/** Since 0.24 amounts have nine decimals and records have a time; before, amounts are whole numbers and records have a day. */
const decimalsOf = (version: string) => (isOlder(version, 0, 24) ? 0 : 9);
const dayLength = '2026-11-01'.length;

/** Usage records of KillBill, from which it creates invoices. */
export class KillBillUsage implements UsageBook {
  readonly #client: KillBillClient;
  readonly #plan: string;
  readonly #orders: (signal: AbortSignal | undefined) => Promise<readonly Order[]>;
  readonly #accountOf = new Map<OrderId, AccountId>();
  /** By account. KillBill lets nobody change it. */
  readonly #timeZones = new Map<AccountId, string>();
  /** undefined: not known yet. */
  #decimals: number | undefined;

  constructor(
    client: KillBillClient,
    plan: string,
    orders: (signal: AbortSignal | undefined) => Promise<readonly Order[]>,
  ) {
    this.#client = client;
    this.#plan = plan;
    this.#orders = orders;
  }

  /** Read from the catalog, because KillBill accepts usage in a unit that the plan does not have, and never bills it. */
  async units(signal?: AbortSignal): Promise<UsageUnits> {
    const path = '/catalog';
    const request = { method: 'GET', path, route: path, signal } as const;
    const [response, decimals] = await Promise.all([
      this.#client.request(request),
      this.#countedDecimals(signal),
    ]);
    const [newest] = parseBody(response, wire.Catalogs).toSorted((a, b) =>
      (b.effectiveDate ?? '').localeCompare(a.effectiveDate ?? ''),
    );
    return { prices: newest ? pricesIn(newest, this.#plan) : new Map(), decimals };
  }

  async orders(signal?: AbortSignal): Promise<readonly Order[]> {
    const orders = await this.#orders(signal);
    for (const { id, accountId } of orders) this.#accountOf.set(id, accountId);
    return orders;
  }

  async record(record: UsageRecord, signal?: AbortSignal): Promise<'recorded' | 'known'> {
    const { order, unit, day, amount, key } = record;
    const decimals = await this.#countedDecimals(signal);
    const recordDate = decimals === 0 ? day : middayOf(day, await this.#timeZoneOf(order, signal));
    const response = await this.#client.request({
      method: 'POST',
      path: '/usages',
      route: '/usages',
      body: {
        subscriptionId: order,
        trackingId: key,
        unitUsageRecords: [{ unitType: unit, usageRecords: [{ recordDate, amount }] }],
      },
      // A second record of a key is refused.
      idempotent: true,
      accept: [400],
      signal,
    });
    if (response.status < 300) return 'recorded';
    if (codeOf(response) === codes.trackingIdExists) return 'known';
    throw refusal(response);
  }

  async recorded(order: OrderId, day: string, signal?: AbortSignal): Promise<ReadonlyMap<string, number>> {
    const response = await this.#client.request({
      method: 'GET',
      path: `/usages/${encodeURIComponent(order)}`,
      route: '/usages/{id}',
      query: { startDate: day, endDate: isoDate(dayPeriod(day).end) },
      signal,
    });
    const { rolledUpUnits } = parseBody(response, wire.RolledUpUsage);
    return new Map(rolledUpUnits.map(({ unitType, amount }) => [unitType, amount]));
  }

  async #timeZoneOf(order: OrderId, signal: AbortSignal | undefined): Promise<string> {
    if (!this.#accountOf.has(order)) await this.orders(signal);
    const account = this.#accountOf.get(order);
    if (account === undefined) return 'UTC';
    const known = this.#timeZones.get(account);
    if (known !== undefined) return known;
    const { timeZone } = await readAccount(this.#client, account, {}, signal);
    this.#timeZones.set(account, timeZone ?? 'UTC');
    return timeZone ?? 'UTC';
  }

  /** Sometimes KillBill 0.22 lists no node. Then the form of an order's date shows the version; without orders there is no usage. */
  async #countedDecimals(signal: AbortSignal | undefined): Promise<number> {
    if (this.#decimals !== undefined) return this.#decimals;
    const path = '/nodesInfo';
    const response = await this.#client.request({ method: 'GET', path, route: path, signal });
    const versions = parseBody(response, wire.Nodes).flatMap(({ kbVersion }) => kbVersion ?? []);
    const found = versions.length > 0 ? versions.map(decimalsOf) : await this.#decimalsByOrder(signal);
    // If there are several nodes, the oldest version decides.
    if (found.length > 0) this.#decimals = Math.min(...found);
    return this.#decimals ?? 0;
  }

  async #decimalsByOrder(signal: AbortSignal | undefined): Promise<number[]> {
    const path = '/bundles/pagination';
    const query = { offset: 0, limit: 1 };
    const response = await this.#client.request({ method: 'GET', path, route: path, query, signal });
    const orders = parseBody(response, wire.Bundles).flatMap(({ subscriptions }) => subscriptions);
    return orders.flatMap(({ startDate }) => (startDate == null ? [] : startDate.length > dayLength ? 9 : 0));
  }
}

/** Prices by unit. A unit with several tiers, or blocks of several sizes, has no single price. */
function pricesIn({ products }: wire.Catalog, planName: string): Map<string, number | undefined> {
  const prices = new Map<string, number | undefined>();
  const plans = products.flatMap(({ plans }) => plans).filter(({ name }) => name === planName);
  const usages = plans.flatMap(({ phases }) => phases.flatMap(({ usages }) => usages ?? []));
  for (const { tiers } of usages) {
    for (const { unit, size, prices: values } of tiers.flatMap(({ blocks }) => blocks)) {
      const value = values.find(({ currency }) => currency === 'USD') ?? values[0];
      const price = value && size > 0 ? value.value / size : undefined;
      const isSingle = tiers.length === 1 && !prices.has(unit) && price !== undefined && price > 0;
      prices.set(unit, isSingle ? price : undefined);
    }
  }
  return prices;
}

/** Whether a version such as `0.22.26` is older than another. False for a text that is no version. */
function isOlder(version: string, major: number, minor: number): boolean {
  const [, first, second] = /^(\d+)\.(\d+)/.exec(version) ?? [];
  if (first === undefined || second === undefined) return false;
  return Number(first) < major || (Number(first) === major && Number(second) < minor);
}
