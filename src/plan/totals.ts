import { type Change, changesOf, type Plan } from './change.ts';
import { type HeldReasonCode, heldReasons } from './reason.ts';

/** What a plan comes to. */
export interface Totals {
  readonly create: number;
  readonly change: number;
  readonly replace: number;
  readonly delete: number;
  readonly held: number;
  /** What of the cloud could not be read. */
  readonly unread: number;
  /** How many of the changes the portal would refuse. */
  readonly refused: number;
  /** How many are held for each reason. */
  readonly heldByReason: Readonly<Partial<Record<HeldReasonCode, number>>>;
}

const verbs: Record<Change['kind'], 'create' | 'change' | 'replace' | 'delete'> = {
  'create-template': 'create',
  'create-rack': 'create',
  'create-device': 'create',
  'update-template': 'change',
  'update-rack': 'change',
  'update-device': 'change',
  'replace-device': 'replace',
  'delete-template': 'delete',
  'delete-rack': 'delete',
  'delete-device': 'delete',
};

/** Counts a plan's changes by what they do, and what it holds back by reason. */
export function totalsOf(plan: Plan, unread: readonly unknown[], refused: number): Totals {
  const totals = { create: 0, change: 0, replace: 0, delete: 0 };
  for (const { kind } of changesOf(plan)) totals[verbs[kind]]++;
  const heldByReason: Partial<Record<HeldReasonCode, number>> = {};
  for (const { reasonCode } of plan.held) heldByReason[reasonCode] = (heldByReason[reasonCode] ?? 0) + 1;
  return { ...totals, held: plan.held.length, unread: unread.length, refused, heldByReason };
}

/** Whether the portal shows the cloud as it is: nothing to change, nothing held back, nothing that was not read. */
export function isInStep(plan: Plan, unread: readonly unknown[]): boolean {
  return (
    plan.phases.every((lanes) => lanes.every(({ changes }) => changes.length === 0)) &&
    plan.held.length + plan.warnings.length + plan.unknownStates.length + unread.length === 0
  );
}

/** `12 to create, 3 to change, 0 to delete; 5 held: …` */
export function describeTotals(totals: Totals): string {
  const { create, change, replace, delete: gone, held, unread, refused, heldByReason } = totals;
  const replaced = replace > 0 ? `, ${replace} to replace` : '';
  const reasons = Object.entries(heldByReason).map(
    ([code, count]) => `${heldReasons[code as HeldReasonCode].replace(' {name}', '')} (${count})`,
  );
  const kept = held > 0 ? `; ${held} held: ${reasons.join('; ')}` : '';
  const hidden = unread > 0 ? `; ${unread} could not be read` : '';
  const invalid = refused > 0 ? `; the portal would refuse ${refused} of these changes` : '';
  return `${create} to create, ${change} to change${replaced}, ${gone} to delete${kept}${hidden}${invalid}`;
}
