import type { Unbilled, UnbilledCost } from './usage-of-day.ts';
import type { UsageReview, UsageStep } from './usage-review.ts';

const reasons: Record<UsageStep['step'], string> = {
  record: 'nothing of it is recorded',
  correct: 'CloudKitty says more than is recorded',
  wait: 'CloudKitty has not finished the day',
  over: 'more is recorded than CloudKitty says: nothing is taken back, decide about credits',
  done: 'recorded',
};

const unbilledReasons: Record<Unbilled, string> = {
  'no-stack': 'it belongs to no known stack',
  'no-order': 'its stack has no order',
  'outside-order': 'before or after the time that its order is billed for (see billing.usage_since)',
  'no-unit': 'the plan in the catalog has no such unit',
  'no-price': 'the catalog has tiers or several prices of this unit',
  'coarse-price': 'this KillBill counts whole units, and one costs more than 0.001',
};

/** Whether nothing is left to do, for the service or for a person. */
export function isAllRecorded({ steps, unbilled }: UsageReview): boolean {
  return unbilled.length === 0 && steps.every(({ step }) => step === 'done' || step === 'wait');
}

/** The usage records to post, by day, each with its reason; then the rated usage that is not billed. */
export function describeUsage(review: UsageReview): string {
  const { steps, unbilled } = review;
  const lines: string[] = [];
  for (const [day, ofDay] of Map.groupBy(
    steps.filter(({ step }) => step !== 'done'),
    ({ day }) => day,
  )) {
    lines.push(day, ...ofDay.map((step) => `  ${describeStep(step)}`));
  }
  if (unbilled.length > 0) lines.push('Billed to nobody', ...describeUnbilled(unbilled));
  return [...lines, totals(steps)].join('\n');
}

/** One bucket: `+ 3.60  openstack-billed-instance of stack …, order …: nothing of it is recorded` */
export function describeStep(step: UsageStep): string {
  const { unit, stack, order, cost, amount, recorded } = step;
  const already = recorded ? `, ${recorded.amount} of ${amount} units recorded` : '';
  return `${marks[step.step]} ${money(cost)}  ${unit} of stack ${stack}, order ${order}${already}: ${reasons[step.step]}`;
}

const marks: Record<UsageStep['step'], string> = {
  record: '+',
  correct: '~',
  wait: '…',
  over: '!',
  done: '=',
};

function describeUnbilled(unbilled: readonly UnbilledCost[]): string[] {
  const groups = Map.groupBy(unbilled, ({ projectId, unit, because }) => `${projectId} ${unit} ${because}`);
  return [...groups.values()].flatMap((all) => {
    const [first] = all;
    if (!first) return [];
    const { projectId, unit, because } = first;
    const days = all.map(({ day }) => day).toSorted((a, b) => (a < b ? -1 : 1));
    const when = days[0] === days.at(-1) ? days[0] : `${days[0]} to ${days.at(-1)}`;
    return [`  ! ${money(sum(all))}  ${unit} of project ${projectId}, ${when}: ${unbilledReasons[because]}`];
  });
}

function totals(steps: readonly UsageStep[]): string {
  const of = (...kinds: UsageStep['step'][]) => steps.filter(({ step }) => kinds.includes(step));
  const [due, waiting, done] = [of('record', 'correct'), of('wait'), of('done', 'over')];
  return `${due.length} to record (${money(sum(due))} rated), ${waiting.length} not finished (${money(sum(waiting))}), ${done.length} recorded (${money(sum(done))}).`;
}

function sum(all: readonly { readonly cost: number }[]): number {
  return all.reduce((total, { cost }) => total + cost, 0);
}

/** An amount with two decimals; one below half a hundredth with two significant digits, so that it does not look like 0. */
export function money(amount: number): string {
  return Math.abs(amount) >= 0.005 || amount === 0 ? amount.toFixed(2) : amount.toPrecision(2);
}
