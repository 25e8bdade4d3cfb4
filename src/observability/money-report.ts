/** What a full run knows of money. Amounts are in the currency of the cloud's prices. */
export interface MoneyReport {
  readonly platform: string;
  readonly owners: readonly OwnerMoney[];
  /** undefined: nothing is ever recorded. */
  readonly usage: ToldUsage | undefined;
}

/** The money of one user or team of the portal; undefined: not known, or not shown by its release. */
export interface OwnerMoney {
  readonly owner: string;
  /** This month so far. */
  readonly cost: number | undefined;
  readonly credits: number | undefined;
  /**
   * Cost that was rated this month or last month and is billed to nobody; undefined: usage is never recorded.
   */
  readonly unbilled: number | undefined;
}

/** How far usage is recorded with the billing platform. */
export interface ToldUsage {
  /** Buckets of past days that are not recorded, for any reason. */
  readonly left: number;
  /** Buckets with more recorded than rated. */
  readonly over: number;
  /** When nothing was last left to record, ms since 1970; undefined: never since the start. */
  readonly completeAt: number | undefined;
}

/** Portals from 1.0 to main launch no cluster for an owner with fewer credits. */
export const launchCredits = 25;
