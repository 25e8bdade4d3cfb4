import type { AccountId, Billing } from './billing.ts';
import { oneByOne, type Refusal } from './one-by-one.ts';

/** Most accounts to read in one run, at two requests each; the others follow in later runs. */
const mostAsked = 50;

/** The credits left on each account as last read from the platform. Each run reads some accounts in turn. */
export class Balances {
  readonly #billing: Pick<Billing, 'creditsOf'>;
  /** Least recently read account first. */
  readonly #known = new Map<AccountId, number | undefined>();

  constructor(billing: Pick<Billing, 'creditsOf'>) {
    this.#billing = billing;
  }

  /**
   * Reads the accounts that were read longest ago.
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
