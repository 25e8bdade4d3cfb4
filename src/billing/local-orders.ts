import { join } from 'node:path';
import { z } from 'zod';
import { isoDate } from '../runtime/month.ts';
import type { AccountId, Order, OrderId } from './billing.ts';
import { Journal } from './journal.ts';

const Entry = z.discriminatedUnion('did', [
  z.object({
    did: z.literal('open'),
    order: z.string(),
    account: z.string(),
    key: z.string(),
    at: z.number(),
  }),
  z.object({ did: z.literal('tag'), order: z.string(), name: z.string(), value: z.string() }),
  z.object({ did: z.literal('close'), order: z.string(), at: z.number() }),
]);
type Entry = z.output<typeof Entry>;

interface LocalOrder extends Order {
  readonly key: string;
}

/** Orders of a site without a billing platform. They are kept in the data folder or, without one, until the process ends. */
export class LocalOrders {
  readonly #journal: Journal<Entry> | undefined;
  readonly #here: Entry[] = [];

  constructor(dataDir: string | undefined) {
    this.#journal = dataDir === undefined ? undefined : new Journal(join(dataDir, 'orders.jsonl'), Entry);
  }

  async open(order: { id: OrderId; account: AccountId; key: string; at: number }): Promise<void> {
    const { id, ...facts } = order;
    await this.#add({ did: 'open', order: id, ...facts });
  }

  async tag(id: OrderId, name: string, value: string): Promise<void> {
    await this.#add({ did: 'tag', order: id, name, value });
  }

  async close(id: OrderId, at: number): Promise<void> {
    await this.#add({ did: 'close', order: id, at });
  }

  /** All open orders, oldest first. */
  async all(): Promise<readonly LocalOrder[]> {
    const orders = new Map<string, LocalOrder>();
    for (const entry of this.#journal ? await this.#journal.read() : this.#here) {
      const known = orders.get(entry.order);
      if (entry.did === 'close') orders.delete(entry.order);
      else if (entry.did === 'open') orders.set(entry.order, opened(entry));
      else if (known) {
        orders.set(entry.order, { ...known, tags: { ...known.tags, [entry.name]: entry.value } });
      }
    }
    return [...orders.values()];
  }

  async #add(entry: Entry): Promise<void> {
    if (this.#journal) await this.#journal.append(entry);
    else this.#here.push(entry);
  }
}

function opened({ order, account, key, at }: Extract<Entry, { did: 'open' }>): LocalOrder {
  return {
    id: order as OrderId,
    accountId: account as AccountId,
    key,
    isOurs: true,
    openedAt: at,
    since: isoDate(at),
    until: undefined,
    tags: {},
  };
}
