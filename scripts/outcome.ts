/** What a part of `npm test` comes to. */
export interface Outcome {
  passed: number;
  /** By name. */
  failed: string[];
  /** By name. */
  skipped: string[];
}
