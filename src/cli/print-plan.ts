import { styleText } from 'node:util';
import { describePlan, type Tone } from '../plan/describe.ts';
import { planJson } from '../plan/plan-json.ts';
import type { Survey } from '../reconcile/reconciler.ts';
import { unreadIn } from '../reconcile/unread-in.ts';
import { printable } from '../runtime/printable.ts';
import { jsonText } from './json-text.ts';
import { screenSize } from './screen-size.ts';

export interface PrintPlanOptions {
  readonly json?: boolean;
  /** Every line, however many. */
  readonly all?: boolean;
}

/** What the release, the totals and the prompt take of a screen. */
const linesBelow = 5;

/** Prints what a run would change: coloured and folded to the terminal's size, whole elsewhere. */
export function printPlan({ plan, portal, seen }: Survey, { json, all }: PrintPlanOptions): void {
  const unread = unreadIn({ seen, portal });
  if (json) {
    console.log(jsonText(planJson(plan, portal, unread)));
    return;
  }
  const { columns, rows } = screenSize(process.stdout);
  const terminal = process.stdout.isTTY && {
    width: columns,
    paint,
    ...(!all && { rows: rows - linesBelow }),
  };
  console.log(`Portal of release ${portal.profile.release}.`);
  console.log(printable(describePlan(plan, portal, { unread, ...terminal }).trimEnd()));
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
