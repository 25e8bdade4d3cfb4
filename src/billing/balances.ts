import type { AccountId, Billing } from './billing.ts';
import { oneByOne, type Refusal } from './one-by-one.ts';

/** A platform needs two requests for each: the others come in the runs that follow. */
const mostAsked = 50;

/** What is left on each account, as the platform last said: each run reads some of them, in turn. */
export class Balances {
  readonly #billing: Pick<Billing, 'creditsOf'>;
  /** Those read longest ago come first. */
  readonly #known = new Map<AccountId, number | undefined>();

  constructor(billing: Pick<Billing, 'creditsOf'>) {
    this.#billing = billing;
  }

  /**
   * Reads those that were read longest ago.
   *
   * @param onRefused called with an account that the platform does not know, or returns nothing for
   * @throws {ServiceError} the platform is unavailable
   */
  async refresh(
    accounts: readonly AccountId[],
    onRefused: (account: AccountId, refusal: Refusal) => void,
    signal?: AbortSignal,
  ): Promise<void> {
    const wanted = new Set(accounts);
    for (const account of this.#known.keys()) if (!wanted.has(account)) this.#known.delete(account);
    const never = accounts.filter((account) => !this.#known.has(account));
    await oneByOne(
      [...never, ...this.#known.keys()].slice(0, mostAsked),
      async (account) => this.#know(account, await this.#billing.creditsOf(account, signal)),
      (account, refusal) => {
        this.#know(account, undefined);
        onRefused(account, refusal);
      },
    );
  }

  /** undefined: not known. */
  of(account: AccountId): number | undefined {
    return this.#known.get(account);
  }

  #know(account: AccountId, credits: number | undefined): void {
    this.#known.delete(account);
    this.#known.set(account, credits);
  }
}
