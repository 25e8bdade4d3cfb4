import { Balances } from '../billing/balances.ts';
import type { AccountId } from '../billing/billing.ts';
import { FreeCredits } from '../billing/free-credits.ts';
import type { Owner, OwnerPatch, PortalSnapshot } from '../concertim/model.ts';
import { updateOwner } from '../concertim/owners.ts';
import type { Logger } from '../observability/logger.ts';
import type { OwnerMoney } from '../observability/money-report.ts';
import { SaidOnce } from '../observability/said-once.ts';
import type { ProjectId } from '../openstack/model.ts';
import { type Costs, toCents } from '../plan/costs.ts';
import { ownerAccountPatch } from '../plan/owner-account.ts';
import { explain } from '../runtime/severity.ts';
import type { Foundation } from './foundation.ts';

/** What is known of an owner who has a project. */
export type KnownAccount = Omit<OwnerMoney, 'unbilled'> & { readonly projectId: string };

/**
 * Keeps what the portal shows of each owner's money up to date: the cost of the project, the billing period and the remaining
 * credits. A failure with one owner does not stop the others.
 */
export class OwnerAccounts {
  readonly #base: Foundation;
  readonly #log: Logger;
  readonly #free: FreeCredits;
  readonly #balances: Balances;
  /** Credits that were written, for releases that do not show them. */
  readonly #written = new Map<Owner['id'], number>();
  readonly #said = new SaidOnce();

  constructor(base: Foundation, log: Logger) {
    const { billing, config } = base;
    this.#base = base;
    this.#log = log;
    this.#free = new FreeCredits({ amount: config.billing.freeCredits, dataDir: config.dataDir });
    this.#balances = new Balances(billing);
  }

  /**
   * Writes what differs, in one request for each owner whose values differ.
   *
   * @returns what is known of each owner who has a project
   */
  async write(
    { owners, profile }: PortalSnapshot,
    costsOf: (project: ProjectId) => Costs | undefined,
    signal?: AbortSignal,
  ): Promise<KnownAccount[]> {
    const known: KnownAccount[] = [];
    const present = new Set(owners.map(({ id }) => id));
    for (const id of this.#written.keys()) if (!present.has(id)) this.#written.delete(id);
    const hasCredits = profile.ownerFields.includes('credits');
    const isFree = this.#base.billing.platform === 'none';
    const gifted = new Set<Owner>(hasCredits && isFree ? await this.#free.due(owners) : []);
    if (hasCredits && !isFree) await this.#refreshBalances(owners, signal);
    for (const owner of owners) {
      const costs = owner.projectId === null ? undefined : costsOf(owner.projectId as ProjectId);
      const credits = hasCredits && !isFree ? this.#balanceOf(owner) : undefined;
      const differing = ownerAccountPatch(this.#asShown(owner), { costs, credits });
      const patch = gifted.has(owner) ? { ...differing, credits: this.#free.amount } : differing;
      if (patch) await this.#update(owner, patch, gifted.has(owner), signal);
      const { name, projectId, account } = owner;
      if (projectId === null) continue;
      const cost = costs && toCents(costs.ofProject.get(projectId as ProjectId) ?? 0);
      known.push({ owner: name, projectId, cost, credits: patch?.credits ?? credits ?? account.credits });
    }
    this.#said.endRound();
    return known;
  }

  /** Release 1.1 accepts credits but does not show them: until this process has written them once, they count as different. */
  #asShown(owner: Owner): Owner {
    const { credits = this.#written.get(owner.id) ?? Number.NaN } = owner.account;
    return { ...owner, account: { ...owner.account, credits } };
  }

  async #update(owner: Owner, patch: OwnerPatch, isGift: boolean, signal: AbortSignal | undefined) {
    try {
      await updateOwner(this.#base.portal, owner, patch, signal);
      if (patch.credits !== undefined) this.#written.set(owner.id, patch.credits);
      if (isGift) {
        await this.#free.note(owner);
        this.#log.info({ owner: owner.name, credits: patch.credits }, 'free credits given');
      }
      this.#log.debug({ owner: owner.name, fields: Object.keys(patch) }, 'account of owner updated');
    } catch (error) {
      signal?.throwIfAborted();
      this.#once(owner.name, error, (why) =>
        this.#log.warn(
          { owner: owner.name, why, err: error },
          'failed to update cost and credits of owner, will retry',
        ),
      );
    }
  }

  async #refreshBalances(owners: readonly Owner[], signal: AbortSignal | undefined): Promise<void> {
    const accounts = owners.flatMap(({ account }) => (account.billingAccountId as AccountId | null) ?? []);
    const tell = (account: string | undefined, error: unknown) =>
      this.#once(`credits ${account}`, error, (why) =>
        this.#log.warn({ account, why, err: error }, 'failed to read credits, portal values kept'),
      );
    try {
      await this.#balances.refresh(accounts, tell, signal);
    } catch (error) {
      signal?.throwIfAborted();
      tell(undefined, error);
    }
  }

  /** The credits left, in whole hundredths as the portal stores them; undefined: not known. */
  #balanceOf({ account: { billingAccountId } }: Owner): number | undefined {
    const credits = billingAccountId ? this.#balances.of(billingAccountId as AccountId) : undefined;
    return credits === undefined ? undefined : Math.round(credits * 100) / 100;
  }

  /** Logs a failure once as long as its reason stays the same. */
  #once(about: string, error: unknown, say: (why: string) => void): void {
    const why = explain(error);
    this.#said.say(`${about} ${why}`, () => say(why));
  }
}
