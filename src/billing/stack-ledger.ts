import { join } from 'node:path';
import { z } from 'zod';
import type { Period } from '../openstack/rating.ts';
import { Journal } from './journal.ts';

const Entry = z.discriminatedUnion('did', [
  z.object({ did: z.enum(['joined', 'left']), stack: z.string(), resource: z.string(), at: z.number() }),
  z.object({
    did: z.literal('recalled'),
    stack: z.string(),
    resource: z.string(),
    from: z.number(),
    until: z.number(),
  }),
  z.object({ did: z.literal('rebuilt'), at: z.number() }),
]);
type Entry = z.output<typeof Entry>;

/** When a resource belonged to a stack: ms since 1970. `until` is undefined while it still does. */
export interface Membership {
  readonly stack: string;
  readonly resource: string;
  readonly from: number;
  readonly until: number | undefined;
}

/** One that is over. */
export interface EndedMembership extends Membership {
  readonly until: number;
}

/** All that the entries say. */
interface Known {
  readonly memberships: readonly Membership[];
  /** When the first resource was seen, ms since 1970. */
  readonly beganAt: number | undefined;
  readonly isRebuilt: boolean;
}

const nothing: Known = { memberships: [], beganAt: undefined, isRebuilt: false };

/**
 * Which resource belonged to which stack when: what the cloud hardly tells any more once either is gone, and what a bill is
 * made by. It is kept in the data folder. Where that was lost, it begins with what is there, and `LedgerRebuild` adds what the
 * cloud remembers.
 */
export class StackLedger {
  readonly #journal: Journal<Entry> | undefined;
  /** undefined: not read yet. */
  #known: Known | undefined;

  constructor(dataDir: string | undefined) {
    this.#journal = dataDir === undefined ? undefined : new Journal(join(dataDir, 'stacks.jsonl'), Entry);
  }

  /**
   * Takes note of what belongs to which stacks, of each of these whole. A stack that is not among them may not have been
   * seen: what it has stays its own, until another stack has it.
   */
  async note(members: ReadonlyMap<string, readonly string[]>, at: number): Promise<void> {
    // Another process was the writer since.
    if (await this.#journal?.hasGrown()) this.#known = undefined;
    const { memberships } = await this.#read();
    const stackOf = new Map([...members].flatMap(([stack, ids]) => ids.map((id) => [id, stack])));
    const open = new Set<string>();
    const entries: Entry[] = [];
    for (const { stack, resource, until } of memberships) {
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
    await this.#add(entries);
  }

  /** Adds what the cloud remembers of resources that were never seen. */
  async recall(memberships: readonly EndedMembership[]): Promise<void> {
    await this.#add(memberships.map((membership) => ({ did: 'recalled', ...membership })));
  }

  /** From now on the cloud has nothing to add. */
  async endRebuild(at: number): Promise<void> {
    await this.#add([{ did: 'rebuilt', at }]);
  }

  /** Whether all was added that the cloud remembered. */
  async isRebuilt(): Promise<boolean> {
    return (await this.#read()).isRebuilt;
  }

  /** Every resource that was ever in a stack. */
  async resources(): Promise<ReadonlySet<string>> {
    return new Set((await this.#read()).memberships.map(({ resource }) => resource));
  }

  /** What belonged to each stack at any moment of a time. */
  async membersDuring({ begin, end }: Period): Promise<Map<string, Set<string>>> {
    const members = new Map<string, Set<string>>();
    for (const { stack, resource, from, until } of (await this.#read()).memberships) {
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
    for (const membership of (await this.#read()).memberships) {
      const { resource, from } = membership;
      const known = held.get(resource);
      const isLater =
        known && (from < moment ? from >= known.from || known.from >= moment : from < known.from);
      if (!known || isLater) held.set(resource, membership);
    }
    return new Map([...held].map(([resource, { stack }]) => [resource, stack]));
  }

  /** When a resource was first seen, ms since 1970: what was gone by then may be missing. undefined: none was. */
  async beganAt(): Promise<number | undefined> {
    return (await this.#read()).beganAt;
  }

  /** What is known of a stack's resources, those that came first before the others. */
  async membershipsOf(stack: string): Promise<readonly Membership[]> {
    return (await this.#read()).memberships.filter((membership) => membership.stack === stack);
  }

  async #add(entries: readonly Entry[]): Promise<void> {
    const known = await this.#read();
    await this.#journal?.append(...entries);
    this.#known = follow(known, entries);
  }

  async #read(): Promise<Known> {
    this.#known ??= follow(nothing, (await this.#journal?.read()) ?? []);
    return this.#known;
  }
}

function follow({ memberships, beganAt, isRebuilt }: Known, entries: readonly Entry[]): Known {
  const all = [...memberships];
  const open = new Map<string, number>();
  for (const [at, { stack, resource, until }] of all.entries()) {
    if (until === undefined) open.set(keyOf(stack, resource), at);
  }
  const known = { beganAt, isRebuilt };
  for (const entry of entries) {
    if (entry.did === 'rebuilt') {
      known.isRebuilt = true;
      continue;
    }
    const { stack, resource } = entry;
    if (entry.did === 'recalled') {
      all.push({ stack, resource, from: entry.from, until: entry.until });
      continue;
    }
    const { did, at } = entry;
    const key = keyOf(stack, resource);
    const index = open.get(key);
    if (did === 'joined' && index === undefined) {
      known.beganAt = Math.min(known.beganAt ?? at, at);
      open.set(key, all.push({ stack, resource, from: at, until: undefined }) - 1);
    } else if (did === 'left' && index !== undefined) {
      all[index] = { ...(all[index] as Membership), until: at };
      open.delete(key);
    }
  }
  return { ...known, memberships: all };
}

function keyOf(stack: string, resource: string): string {
  return `${stack} ${resource}`;
}
