import { join } from 'node:path';
import { z } from 'zod';
import { ageOf, type Clock } from '../runtime/clock.ts';
import type { AccountId, Billing } from './billing.ts';
import { BillingError } from './errors.ts';
import { Journal } from './journal.ts';
import { oneByOne, type Refusal } from './one-by-one.ts';
import type { IsSettled } from './order-sweep.ts';

const Entry = z.discriminatedUnion('did', [
  z.object({ did: z.literal('request'), account: z.string(), project: z.string(), at: z.number() }),
  z.object({ did: z.literal('close'), account: z.string() }),
]);
type Entry = z.output<typeof Entry>;

export interface AccountClosingsOptions {
  readonly billing: Billing;
  /** undefined: accounts are closed at once, even if usage is not recorded yet. */
  readonly dataDir: string | undefined;
  readonly clock: Clock;
}

/** An account that is to be closed. */
interface Closing {
  readonly account: AccountId;
  readonly project: string;
  /** When its team was deleted, ms since 1970. */
  readonly at: number;
}

export interface ClosedAccounts {
  readonly closed: readonly AccountId[];
  readonly failures: readonly { readonly account: AccountId; readonly error: Refusal }[];
}

const everyMs = 10 * 60_000;

/**
 * Closes the accounts of deleted teams once all their usage is invoiced: KillBill creates no invoice for a closed account. The
 * accounts to close are kept in the data folder, to which the component that serves the portal adds them.
 *
 * ```
 *  usage is recorded  ──►  its orders are closed, and so invoiced  ──►  the draft is empty: the account is closed
 * ```
 */
export class AccountClosings {
  readonly #options: AccountClosingsOptions;
  readonly #journal: Journal<Entry> | undefined;
  #sweptAt = Number.NEGATIVE_INFINITY;

  constructor(options: AccountClosingsOptions) {
    const { dataDir } = options;
    this.#options = options;
    this.#journal = dataDir === undefined ? undefined : new Journal(join(dataDir, 'closings.jsonl'), Entry);
  }

  /** Requests that an account is closed as soon as possible: at once where nothing is billed. */
  async request(account: AccountId, project: string | undefined): Promise<void> {
    const { billing, clock } = this.#options;
    if (!this.#journal || !billing.usage || project === undefined) {
      await billing.closeAccount(account);
      return;
    }
    const isKnown = (await this.#journal.read()).some((entry) => entry.account === account);
    if (!isKnown) await this.#journal.append({ did: 'request', account, project, at: clock.now() });
  }

  /**
   * Does the next step for each account, unless the last call was a short time ago.
   *
   * @returns undefined: it is too early, or no account is to be closed
   * @throws {ServiceError} the platform is unavailable
   */
  async run(isSettled: IsSettled, signal?: AbortSignal): Promise<ClosedAccounts | undefined> {
    const { billing, clock } = this.#options;
    if (ageOf(this.#sweptAt, clock.now()) < everyMs) return undefined;
    const pending = await this.#pending();
    if (pending.length === 0) return undefined;
    const orders = await billing.orders(signal);
    const closed: AccountId[] = [];
    const failures: ClosedAccounts['failures'][number][] = [];
    await oneByOne(
      pending,
      async ({ account, project, at }) => {
        const open = orders.filter(({ accountId }) => accountId === account);
        if (!open.every(({ id }) => isSettled(id, project, at))) return;
        for (const { id } of open) await billing.closeOrder(id, signal);
        // The platform invoices closed orders by itself a moment later, so the account has to wait.
        if (open.length > 0) return;
        await this.#close(account, signal);
        closed.push(account);
      },
      ({ account }, error) => failures.push({ account, error }),
    );
    this.#sweptAt = clock.now();
    return { closed, failures };
  }

  async #close(account: AccountId, signal: AbortSignal | undefined): Promise<void> {
    const { billing } = this.#options;
    const draft = await billing.draft(account, signal);
    if (draft && draft.amount > 0) {
      const left = `${draft.amount} ${draft.currency}`;
      throw new BillingError('conflict', `Account ${account} has no open order, and ${left} not invoiced.`, {
        hint: 'Have the billing platform make an invoice of it; the account is closed then.',
      });
    }
    await billing.closeAccount(account, signal);
    await this.#journal?.append({ did: 'close', account });
  }

  async #pending(): Promise<Closing[]> {
    const pending = new Map<string, Closing>();
    for (const entry of (await this.#journal?.read()) ?? []) {
      if (entry.did === 'close') pending.delete(entry.account);
      else pending.set(entry.account, { ...entry, account: entry.account as AccountId });
    }
    return [...pending.values()];
  }
}
