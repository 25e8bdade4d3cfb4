import { loadConfig } from '../config/load.ts';
import { changesOf } from '../plan/change.ts';
import { describePlan } from '../plan/describe.ts';
import { planJson } from '../plan/plan-json.ts';
import { Service } from '../service.ts';
import { stopSignal } from './stop-signal.ts';

export interface PlanOptions {
  readonly config?: string;
  readonly json?: boolean;
  readonly allowDeletions?: boolean;
}

/** `plan`: what a run would change, and why. @returns 0 in step, 2 differences; an error is 1 */
export async function plan(options: PlanOptions): Promise<number> {
  const config = loadConfig({ file: options.config });
  await using service = new Service({
    // The plan is the output: only what a person must know goes beside it.
    config: { ...config, logLevel: 'critical' },
    components: [],
    allowDeletions: options.allowDeletions ?? false,
  });
  using stop = stopSignal();
  const survey = await service.plan(stop.signal);
  console.log(
    options.json ? JSON.stringify(planJson(survey.plan), undefined, 2) : describePlan(survey.plan).trimEnd(),
  );
  for (const { object, name, error } of survey.seen.unread)
    console.error(`${object} ${name} could not be read: ${String(error)}`);
  if (survey.seen.unread.length > 0) return 1;
  return changesOf(survey.plan).length > 0 ? 2 : 0;
}
