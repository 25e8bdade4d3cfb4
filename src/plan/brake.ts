import { type Finding, nouns, warningsOf } from './brake-warnings.ts';
import {
  type Census,
  nobody,
  ownerOfDevice,
  type ShownKind,
  sumOf,
  type Tallies,
  type Tally,
} from './census.ts';
import type { Change, Held } from './change.ts';
import { brakeOf } from './ground.ts';
import type { PortalIndex } from './portal-index.ts';
import { because } from './reason.ts';
import { kindOfRemoval, objectOf, type Removal, type Shown } from './removal.ts';

/** How much may be deleted because it is missing, and how much by our own decision, such as a changed setting. */
export interface DeletionPolicy {
  /** Up to this number of a kind may always be deleted, unless they are all of that kind. */
  readonly maxDeletions: number;
  /** More than that, up to this share of the objects of the kind that we own: 0.2 is a fifth. */
  readonly maxShare: number;
  /** A person has approved the deletions: let everything through. */
  readonly allowAll: boolean;
}

/** What must stay although a plan would remove it. */
export interface Verdict {
  readonly refused: ReadonlySet<Shown>;
  readonly held: readonly Held[];
  /** What a person must look at. */
  readonly warnings: readonly string[];
}

/**
 * Judges all removals of a finished plan, regardless of the part that planned them. Removals with their own proof pass. The rest is
 * measured by the share of objects that are missing, per owner and over all owners:
 *
 * ```
 *  one owner's part is too much             ► nothing of his goes on that ground
 *  so is that of the others together,       ► nothing goes
 *  without the worst of them; or all of
 *  a kind is missing
 * ```
 *
 * What one owner invents neither stops removals of the others, as long as little of theirs is missing, nor causes any. The
 * number of owners who lose too much does not count: one user could bring that about for each of them.
 *
 * A great absence is more often a wrong address, or credentials with less sight, than a great deletion.
 */
export function judgeRemovals(
  changes: readonly Change[],
  facts: {
    readonly census: Census;
    /** Every object that a device shows is present, so that nothing needs to be counted. */
    readonly isEachDeviceShown: boolean;
    readonly index: PortalIndex;
    readonly policy: DeletionPolicy;
  },
): Verdict {
  const { census, isEachDeviceShown, index, policy } = facts;
  const refused = new Set<Shown>();
  const held: Held[] = [];
  const decided: Finding[] = [];
  const missing: Finding[] = [];
  for (const kind of kinds) {
    const removals = changes.filter((change): change is Removal => kindOfRemoval(change) === kind);
    const isWhole = isEachDeviceShown && kind !== 'rack' && kind !== 'template';
    const absences = isWhole ? undefined : findExcess(kind, census[kind](), policy, { allCounts: true });
    if (absences) missing.push(absences);
    const decisions = removals.filter(({ ground }) => brakeOf[ground] === 'decision');
    const verdict =
      decisions.length > 0
        ? findExcess(kind, talliesOf(decisions, census[kind](), index), policy, { allCounts: false })
        : undefined;
    if (verdict) decided.push(verdict);
    for (const removal of removals) {
      const brake = brakeOf[removal.ground];
      if (brake === 'lifted') continue;
      const excess = brake === 'absence' ? absences : verdict;
      if (!excess?.stops(ownerOf(removal, index))) continue;
      const object = objectOf(removal);
      refused.add(object);
      held.push({ kind: nouns[kind].held, id: object.id, name: object.name, ...because(reasons[brake]) });
    }
  }
  return { refused, held, warnings: warningsOf(missing, decided, index) };
}

const kinds = Object.keys(nouns) as readonly ShownKind[];

const reasons = {
  absence: 'too-many-missing',
  decision: 'too-many-removals',
} as const;

/** Whether the policy refuses to delete so many. */
export function isTooMuch({ absent, owned }: Tally, policy: DeletionPolicy): boolean {
  return !policy.allowAll && absent > policy.maxDeletions && absent > policy.maxShare * owned;
}

/** @returns undefined: little enough is missing */
function findExcess(
  kind: ShownKind,
  tallies: Tallies,
  policy: DeletionPolicy,
  { allCounts }: { readonly allCounts: boolean },
): Finding | undefined {
  if (policy.allowAll) return undefined;
  const total = sumOf(tallies.values());
  if (total.absent === 0) return undefined;
  const owners = [...tallies].filter(([, tally]) => isTooMuch(tally, policy)).map(([owner]) => owner);
  const others = [...tallies].filter(([owner]) => !owners.includes(owner)).map(([, tally]) => tally);
  const worst = others.reduce((a, b) => (b.absent > a.absent ? b : a), { owned: 0, absent: 0 });
  const sum = sumOf(others);
  const rest = { owned: sum.owned - worst.owned, absent: sum.absent - worst.absent };
  if (isTooMuch(rest, policy) || (allCounts && total.absent === total.owned)) {
    return { kind, total, owners: undefined, stops: () => true };
  }
  if (owners.length === 0) return undefined;
  return { kind, total, owners, stops: (owner) => owners.includes(owner) };
}

/** How much of each owner's a plan would remove. */
function talliesOf(removals: readonly Removal[], census: Tallies, index: PortalIndex): Tallies {
  const tallies = new Map([...census].map(([owner, { owned }]) => [owner, { owned, absent: 0 }]));
  for (const removal of removals) {
    const owner = ownerOf(removal, index);
    const tally = tallies.get(owner);
    if (tally) tally.absent++;
    else tallies.set(owner, { owned: 1, absent: 1 });
  }
  return tallies;
}

function ownerOf(removal: Removal, index: PortalIndex): string {
  if (removal.kind === 'delete-rack') return String(removal.rack.ownerId);
  return removal.kind === 'delete-template' ? nobody : ownerOfDevice(removal.device, index);
}
