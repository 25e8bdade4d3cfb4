import { type Clock, isoTime } from '../../runtime/clock.ts';
import { isoDate } from '../../runtime/month.ts';
import type { Ids } from '../cloud/ids.ts';

export interface AccountRow {
  readonly accountId: string;
  readonly externalKey: string;
  readonly name: string;
  readonly email: string | null;
  readonly currency: string;
  readonly timeZone?: string;
  readonly closed: boolean;
}

export interface SubscriptionRow {
  readonly subscriptionId: string;
  readonly bundleId: string;
  readonly accountId: string;
  readonly externalKey: string;
  readonly planName: string;
  readonly startDate: string;
  /** The day on which it was cancelled. */
  readonly endDate: string | null;
  /** The moment, ms since 1970. */
  readonly endAt: number | null;
  readonly state: 'ACTIVE' | 'CANCELLED';
}

export interface FieldRow {
  readonly customFieldId: string;
  readonly objectType: 'ACCOUNT' | 'SUBSCRIPTION';
  readonly objectId: string;
  readonly name: string;
  readonly value: string;
}

export interface UsageRow {
  readonly subscriptionId: string;
  readonly trackingId: string;
  readonly unitType: string;
  readonly recordDate: string;
  readonly amount: number;
}

export interface ItemRow {
  readonly invoiceItemId: string;
  readonly subscriptionId: string | null;
  readonly itemType: 'USAGE' | 'CREDIT_ADJ' | 'CBA_ADJ';
  readonly description: string;
  readonly amount: number;
  readonly currency: string;
  readonly startDate: string;
  readonly endDate: string | null;
}

export interface InvoiceRow {
  readonly invoiceId: string;
  readonly accountId: string;
  readonly invoiceNumber: string | null;
  readonly invoiceDate: string;
  readonly items: readonly ItemRow[];
}

/** KillBill's state: what `routes.ts` answers from. Rules as they were measured on 0.22.26. */
export class KillBillState {
  readonly accounts = new Map<string, AccountRow>();
  readonly subscriptions = new Map<string, SubscriptionRow>();
  readonly fields = new Map<string, FieldRow>();
  readonly invoices = new Map<string, InvoiceRow>();
  readonly usages: UsageRow[] = [];
  /** Units of the catalog, with the price of one. KillBill accepts usage of other units, and never bills it. */
  readonly units = new Map([
    ['openstack-billed-instance', 1],
    ['openstack-billed-volume.size', 1],
  ]);
  /** As the playbook of Concertim installs it. 0.22 takes days for the times of records, and cuts amounts to whole numbers. */
  version = '0.24.0';
  readonly plan = 'openstack-standard-monthly';
  /** An order was wanted under the key of a closed one: that leaves a bundle without a subscription behind. */
  isBundleListBroken = false;
  readonly #billed = new Set<UsageRow>();
  readonly #ids: Ids;
  readonly #clock: Clock;

  constructor(ids: Ids, clock: Clock) {
    this.#ids = ids;
    this.#clock = clock;
  }

  id(): string {
    return this.#ids.uuid();
  }

  get today(): string {
    return isoDate(this.#clock.now());
  }

  subscribe(accountId: string, key: string): SubscriptionRow {
    const row: SubscriptionRow = {
      subscriptionId: this.id(),
      bundleId: this.id(),
      accountId,
      externalKey: key,
      planName: this.plan,
      startDate: this.today,
      endDate: null,
      endAt: null,
      state: 'ACTIVE',
    };
    this.subscriptions.set(row.subscriptionId, row);
    return row;
  }

  /** Cancelling invoices the recorded usage at once; usage recorded later waits for the next invoice. */
  cancel(row: SubscriptionRow): void {
    this.subscriptions.set(row.subscriptionId, {
      ...row,
      endDate: this.today,
      endAt: this.#clock.now(),
      state: 'CANCELLED',
    });
    this.#bill(row.accountId, [row]);
  }

  get countsWholeUnits(): boolean {
    return this.version.startsWith('0.22.');
  }

  /** Whether usage of a date, or of a moment, was after the end of its subscription. */
  isAfterEnd(recordDate: string, { endDate, endAt }: SubscriptionRow): boolean {
    if (endDate === null || endAt === null) return false;
    return this.countsWholeUnits ? recordDate > endDate : recordDate > isoTime(endAt);
  }

  /** Sums by unit of the records from one day on, before another. */
  usageOf(subscriptionId: string, startDate: string, endDate: string): Map<string, number> {
    const sums = new Map<string, number>();
    for (const row of this.usages) {
      const day = row.recordDate.slice(0, startDate.length);
      if (row.subscriptionId !== subscriptionId || day < startDate || day >= endDate) continue;
      sums.set(row.unitType, (sums.get(row.unitType) ?? 0) + row.amount);
    }
    return sums;
  }

  /** The draft of the next invoice; undefined: the account has nothing to bill. */
  upcoming(accountId: string): InvoiceRow | undefined {
    return this.#draft(accountId, this.#ordersOf(accountId));
  }

  #ordersOf(accountId: string): SubscriptionRow[] {
    return [...this.subscriptions.values()].filter((row) => row.accountId === accountId);
  }

  /** A closed account is never invoiced again. */
  #draft(accountId: string, orders: readonly SubscriptionRow[]): InvoiceRow | undefined {
    if (orders.length === 0 || this.accounts.get(accountId)?.closed) return undefined;
    const items = orders.flatMap((order) => this.#usageItems(order));
    const owed = items.reduce((sum, { amount }) => sum + amount, 0);
    const paid = Math.min(owed, this.creditsOf(accountId));
    if (paid > 0) items.push(this.item('CBA_ADJ', -paid, 'Adjustment (account credit)'));
    return { invoiceId: this.id(), accountId, invoiceNumber: null, invoiceDate: this.today, items };
  }

  /** Bills what is upcoming, as the end of a month does. */
  bill(accountId: string): InvoiceRow | undefined {
    return this.#bill(accountId, this.#ordersOf(accountId));
  }

  #bill(accountId: string, orders: readonly SubscriptionRow[]): InvoiceRow | undefined {
    const draft = this.#draft(accountId, orders);
    if (!draft) return undefined;
    const ids = new Set(orders.map(({ subscriptionId }) => subscriptionId));
    for (const usage of this.usages) if (ids.has(usage.subscriptionId)) this.#billed.add(usage);
    return this.#commit(draft);
  }

  deposit(accountId: string, amount: number, description: string): ItemRow {
    const item = this.item('CREDIT_ADJ', -amount, description);
    const items = [item, this.item('CBA_ADJ', amount, 'Adjustment (account credit)')];
    this.#commit({ invoiceId: this.id(), accountId, invoiceNumber: null, invoiceDate: this.today, items });
    return item;
  }

  /** accountCBA */
  creditsOf(accountId: string): number {
    let sum = 0;
    for (const invoice of this.invoices.values()) {
      if (invoice.accountId !== accountId) continue;
      for (const { itemType, amount } of invoice.items) if (itemType === 'CBA_ADJ') sum += amount;
    }
    return sum;
  }

  item(itemType: ItemRow['itemType'], amount: number, description: string): ItemRow {
    const { today } = this;
    return {
      invoiceItemId: this.id(),
      subscriptionId: null,
      itemType,
      description,
      amount,
      currency: 'USD',
      startDate: today,
      endDate: today,
    };
  }

  #commit(invoice: InvoiceRow): InvoiceRow {
    const committed = { ...invoice, invoiceNumber: String(this.invoices.size + 1) };
    this.invoices.set(committed.invoiceId, committed);
    return committed;
  }

  /** A line for each unit, rounded to hundredths. */
  #usageItems({ subscriptionId }: SubscriptionRow): ItemRow[] {
    const sums = new Map([...this.units.keys()].map((unit): [string, number] => [unit, 0]));
    for (const usage of this.usages) {
      const sum = sums.get(usage.unitType);
      if (usage.subscriptionId !== subscriptionId || sum === undefined || this.#billed.has(usage)) continue;
      sums.set(usage.unitType, sum + usage.amount);
    }
    return [...sums].map(([unit, sum]) => ({
      ...this.item('USAGE', Math.round(sum * (this.units.get(unit) ?? 0) * 100) / 100, unit),
      subscriptionId,
    }));
  }
}
