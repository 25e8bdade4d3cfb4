import type { Plan } from '../plan/change.ts';
import { plan } from '../plan/plan.ts';

type Given = Parameters<typeof plan>;

/**
 * The last plan of the whole cloud, if it had no changes. A plan is pure: where cloud, portal and settings say what they said, it says what
 * it said, and in most runs of a cloud they do. Telling that is quick, since what has not changed is the same object (kept-rows.ts,
 * http/row-memory.ts).
 */
export class PlanMemory {
  #last: { readonly given: Given; readonly plan: Plan } | undefined;

  /** As `plan` of plan/plan.ts. */
  plan(...given: Given): Plan {
    const last = this.#last;
    if (last && saysTheSame(last.given, given)) {
      // The next run is given these objects, not those of a list that was read again.
      this.#last = { given, plan: last.plan };
      return last.plan;
    }
    const made = plan(...given);
    const [cloud] = given;
    if (cloud.scope.kind !== 'all') return made;
    this.#last = undefined;
    if (made.phases.length > 0) return made;
    // Computed now, so that what the plan was made from need not stay in memory.
    const members = made.members();
    const kept = { ...made, members: () => members };
    this.#last = { given, plan: kept };
    return kept;
  }
}

/** Whether two values are of the same parts, in the same order. Functions are the same only if they are one. */
function saysTheSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  if (a instanceof Map) return hasTheSameEntries(a, b as typeof a);
  if (a instanceof Set)
    return a.size === (b as typeof a).size && [...a].every((item) => (b as typeof a).has(item));
  if (Array.isArray(a)) {
    const other = b as typeof a;
    return a.length === other.length && a.every((item, at) => saysTheSame(item, other[at]));
  }
  const keys = Object.keys(a) as (keyof typeof a)[];
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every((key) => Object.hasOwn(b, key) && saysTheSame(a[key], b[key]));
}

function hasTheSameEntries(a: ReadonlyMap<unknown, unknown>, b: ReadonlyMap<unknown, unknown>): boolean {
  if (a.size !== b.size) return false;
  for (const [key, value] of a) if (!b.has(key) || !saysTheSame(value, b.get(key))) return false;
  return true;
}
