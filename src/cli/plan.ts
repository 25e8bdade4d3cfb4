import { loadConfig } from '../config/load.ts';
import { isInStep } from '../plan/totals.ts';
import { unreadIn } from '../reconcile/unread-in.ts';
import { Service } from '../service.ts';
import { exitCodes } from './exit-codes.ts';
import { type PrintPlanOptions, printPlan } from './print-plan.ts';
import { onStandardError, withProgress } from './progress.ts';
import { stopSignal } from './stop-signal.ts';

export interface PlanOptions extends PrintPlanOptions {
  readonly config?: string;
  readonly allowDeletions?: boolean;
  /** For how long a service may be silent before its first answer, s. */
  readonly timeout: number;
}

/** `plan`: what a run would change, and why. @returns 0 in step; 2 not in step; an error is 1 */
export async function plan(options: PlanOptions): Promise<number> {
  const config = loadConfig({ file: options.config });
  await using service = new Service({
    // The plan is the output: only what a person must know goes beside it.
    config: { ...config, logLevel: 'critical' },
    components: [],
    allowDeletions: options.allowDeletions ?? false,
  });
  using stop = stopSignal();
  const survey = await withProgress(
    (signal) => service.plan(signal),
    onStandardError(service, options.timeout, stop.signal),
  );
  printPlan(survey, options);
  return isInStep(survey.plan, unreadIn(survey)) ? exitCodes.success : exitCodes.difference;
}
