/** What a full run knows of money. Amounts are in the currency of the cloud's prices. */
export interface MoneyReport {
  readonly platform: string;
  readonly owners: readonly OwnerMoney[];
  /** undefined: nothing is ever recorded. */
  readonly usage: ToldUsage | undefined;
}

/** Of one user or team of the portal; undefined: not known, or not shown by its release. */
export interface OwnerMoney {
  readonly owner: string;
  /** This month so far. */
  readonly cost: number | undefined;
  readonly credits: number | undefined;
  /** Rated in this month and the last, and billed to nobody; undefined: nothing is ever recorded. */
  readonly unbilled: number | undefined;
}

/** How far usage is recorded with the billing platform. */
export interface ToldUsage {
  /** Buckets of days that are over and not recorded, by whatever fault. */
  readonly left: number;
  /** Buckets with more recorded than rated. */
  readonly over: number;
  /** When nothing was left last, ms since 1970; undefined: not since the start. */
  readonly completeAt: number | undefined;
}

/** With fewer credits the portals from 1.0 to main let nobody launch a cluster. */
export const launchCredits = 25;
