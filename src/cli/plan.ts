import { styleText } from 'node:util';
import { loadConfig } from '../config/load.ts';
import { describePlan, type Tone } from '../plan/describe.ts';
import { planJson } from '../plan/plan-json.ts';
import { isInStep } from '../plan/totals.ts';
import { unreadIn } from '../reconcile/unread.ts';
import { printable } from '../runtime/printable.ts';
import { Service } from '../service.ts';
import { onStandardError, withProgress } from './progress.ts';
import { stopSignal } from './stop-signal.ts';

export interface PlanOptions {
  readonly config?: string;
  readonly json?: boolean;
  readonly allowDeletions?: boolean;
  /** Every line, however many. */
  readonly all?: boolean;
  /** For how long a service may be silent before its first answer, s. */
  readonly timeout: number;
}

/** What the release, the totals and the prompt take of a screen. */
const linesBelow = 5;

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
  const { plan, portal, seen } = await withProgress(
    (signal) => service.plan(signal),
    onStandardError(service, options.timeout, stop.signal),
  );
  const unread = unreadIn(seen);
  if (!options.json) console.log(`Portal of release ${portal.profile.release}.`);
  const { isTTY, columns, rows } = process.stdout;
  console.log(
    options.json
      ? JSON.stringify(planJson(plan, portal, unread), undefined, 2)
      : printable(
          describePlan(plan, portal, {
            unread,
            ...(isTTY && { width: columns, paint }),
            ...(isTTY && !options.all && { lines: rows - linesBelow }),
          }).trimEnd(),
        ),
  );
  return isInStep(plan, unread) ? 0 : 2;
}

const styles: Record<Tone, Parameters<typeof styleText>[0]> = {
  create: 'green',
  update: 'yellow',
  replace: 'yellow',
  delete: 'red',
  held: 'dim',
  warning: 'red',
  heading: 'bold',
};

/** As the terminal and `NO_COLOR` allow. */
function paint(tone: Tone, text: string): string {
  return styleText(styles[tone], text);
}
