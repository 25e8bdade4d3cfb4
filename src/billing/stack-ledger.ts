import { join } from 'node:path';
import { z } from 'zod';
import type { Period } from '../openstack/rating.ts';
import { Journal } from './journal.ts';

const Entry = z.object({
  did: z.enum(['joined', 'left']),
  stack: z.string(),
  resource: z.string(),
  at: z.number(),
});
type Entry = z.output<typeof Entry>;

/** When a resource belonged to a stack: ms since 1970. `until` is undefined while it still does. */
export interface Membership {
  readonly stack: string;
  readonly resource: string;
  readonly from: number;
  readonly until: number | undefined;
}

/**
 * Which resource belonged to which stack when: what the cloud does not tell any more once either is gone, and what a bill is
 * made by. It is kept in the data folder, and begins again with what is there where that was lost.
 */
export class StackLedger {
  readonly #journal: Journal<Entry> | undefined;
  /** undefined: not read yet. */
  #memberships: Membership[] | undefined;

  constructor(dataDir: string | undefined) {
    this.#journal = dataDir === undefined ? undefined : new Journal(join(dataDir, 'stacks.jsonl'), Entry);
  }

  /**
   * Takes note of what belongs to which stacks, of each of these whole. A stack that is not among them may not have been
   * seen: what it has stays its own, until another stack has it.
   */
  async note(members: ReadonlyMap<string, readonly string[]>, at: number): Promise<void> {
    const known = await this.#read();
    const stackOf = new Map([...members].flatMap(([stack, ids]) => ids.map((id) => [id, stack])));
    const open = new Set<string>();
    const entries: Entry[] = [];
    for (const { stack, resource, until } of known) {
      if (until !== undefined) continue;
      open.add(keyOf(stack, resource));
      const now = stackOf.get(resource);
      const hasLeft = now === undefined ? members.has(stack) : now !== stack;
      if (hasLeft) entries.push({ did: 'left', stack, resource, at });
    }
    for (const [stack, ids] of members) {
      for (const resource of ids) {
        if (!open.has(keyOf(stack, resource))) entries.push({ did: 'joined', stack, resource, at });
      }
    }
    await this.#journal?.append(...entries);
    this.#memberships = follow(known, entries);
  }

  /** What belonged to each stack at any moment of a time. */
  async membersDuring({ begin, end }: Period): Promise<Map<string, Set<string>>> {
    const members = new Map<string, Set<string>>();
    for (const { stack, resource, from, until } of await this.#read()) {
      if (from >= end || (until !== undefined && until <= begin)) continue;
      const ids = members.get(stack);
      if (ids) ids.add(resource);
      else members.set(stack, new Set([resource]));
    }
    return members;
  }

  /**
   * To which stack each resource belonged at a moment, for who bills it: to the last that had it by then, even if that has
   * it no more; before it was first seen anywhere, to the first. So what was rated before we looked, or after, is billed.
   */
  async stacksAt(moment: number): Promise<ReadonlyMap<string, string>> {
    const held = new Map<string, Membership>();
    for (const membership of await this.#read()) {
      const { resource, from } = membership;
      const known = held.get(resource);
      const isLater =
        known && (from < moment ? from >= known.from || known.from >= moment : from < known.from);
      if (!known || isLater) held.set(resource, membership);
    }
    return new Map([...held].map(([resource, { stack }]) => [resource, stack]));
  }

  /** When the record begins, ms since 1970; undefined: it is empty. */
  async beganAt(): Promise<number | undefined> {
    return (await this.#read()).reduce<number | undefined>(
      (first, { from }) => Math.min(first ?? from, from),
      undefined,
    );
  }

  /** What is known of a stack's resources, those that came first before the others. */
  async membershipsOf(stack: string): Promise<readonly Membership[]> {
    return (await this.#read()).filter((membership) => membership.stack === stack);
  }

  async #read(): Promise<Membership[]> {
    this.#memberships ??= follow([], (await this.#journal?.read()) ?? []);
    return this.#memberships;
  }
}

function follow(known: readonly Membership[], entries: readonly Entry[]): Membership[] {
  const all = [...known];
  const open = new Map<string, number>();
  for (const [at, { stack, resource, until }] of all.entries()) {
    if (until === undefined) open.set(keyOf(stack, resource), at);
  }
  for (const { did, stack, resource, at } of entries) {
    const key = keyOf(stack, resource);
    const index = open.get(key);
    if (did === 'joined' && index === undefined) {
      open.set(key, all.push({ stack, resource, from: at, until: undefined }) - 1);
    } else if (did === 'left' && index !== undefined) {
      all[index] = { ...(all[index] as Membership), until: at };
      open.delete(key);
    }
  }
  return all;
}

function keyOf(stack: string, resource: string): string {
  return `${stack} ${resource}`;
}
