import { join } from 'node:path';
import { z } from 'zod';
import type { Period } from '../openstack/rating.ts';
import { SingleFlight } from '../runtime/single-flight.ts';
import { Journal } from './journal.ts';

const Entry = z.discriminatedUnion('did', [
  z.object({
    did: z.enum(['joined', 'left']),
    stack: z.string(),
    resources: z.array(z.string()),
    at: z.number(),
  }),
  z.object({
    did: z.literal('recalled'),
    stack: z.string(),
    resource: z.string(),
    from: z.number(),
    until: z.number(),
  }),
  /** Of the first cloud, or of the only one, where no cloud is named. */
  z.object({ did: z.literal('rebuilt'), at: z.number(), cloud: z.string().optional() }),
]);
type Entry = z.output<typeof Entry>;

/** When a resource belonged to a stack: ms since 1970. `until` is undefined while it still does. */
export interface Membership {
  readonly stack: string;
  readonly resource: string;
  readonly from: number;
  readonly until: number | undefined;
}

/** A membership that has ended. */
export interface EndedMembership extends Membership {
  readonly until: number;
}

/** One of very many: V8 may give an object literal, whose shape other objects have too, four times the memory. */
class KnownMembership implements Membership {
  readonly stack: string;
  readonly resource: string;
  readonly from: number;
  readonly until: number | undefined;

  constructor({ stack, resource, from, until }: Membership) {
    this.stack = stack;
    this.resource = resource;
    this.from = from;
    this.until = until;
  }
}

/** The state that the entries of the journal add up to. */
interface Known {
  readonly memberships: readonly Membership[];
  /** Of each stack the resources that it has, with the places of their memberships in the list. */
  readonly open: ReadonlyMap<string, ReadonlyMap<string, number>>;
  /** When the first resource was seen, ms since 1970. */
  readonly beganAt: number | undefined;
  /** The clouds that have nothing more to add. */
  readonly rebuilt: ReadonlySet<string | undefined>;
}

const nothing: Known = { memberships: [], open: new Map(), beganAt: undefined, rebuilt: new Set() };

/**
 * Records which resource belonged to which stack when. Bills depend on it, and the cloud hardly shows it once the stack or the
 * resource is deleted. It is kept in the data folder. If that is lost, the ledger begins with what exists, and `LedgerRebuild`
 * adds what the cloud remembers.
 */
export class StackLedger {
  readonly #journal: Journal<Entry> | undefined;
  /** undefined: not read yet. */
  #known: Known | undefined;
  /** What was last noted, and what was known then: it need not be noted again. */
  #noted: { readonly members: ReadonlyMap<string, readonly string[]>; readonly known: Known } | undefined;
  readonly #reading = new SingleFlight(() => this.#readOnce());

  constructor(dataDir: string | undefined) {
    this.#journal = dataDir === undefined ? undefined : new Journal(join(dataDir, 'stacks.jsonl'), Entry);
  }

  /** Begins to read the record, while others answer. A failure shows when the record is needed. */
  readAhead(): void {
    this.#read().catch(() => {});
  }

  /**
   * Notes the resources of stacks; each given list is complete. A stack that is not given may not have been seen: it keeps its
   * resources until another stack has them.
   *
   * @param members each resource once; does not change later
   */
  async note(members: ReadonlyMap<string, readonly string[]>, at: number): Promise<void> {
    const known = await this.#read();
    if (this.#noted?.members === members && this.#noted.known === known) return;
    await this.#add(changesOf(known.open, members, at));
    this.#noted = { members, known: this.#known ?? known };
  }

  /** Adds memberships that the cloud remembers, of resources that were never seen. */
  async recall(memberships: readonly EndedMembership[]): Promise<void> {
    await this.#add(memberships.map((membership) => ({ did: 'recalled', ...membership })));
  }

  /**
   * Notes that a cloud has nothing more to add.
   *
   * @param cloud its name; default: the first one, or the only one
   */
  async endRebuild(at: number, cloud?: string): Promise<void> {
    await this.#add([{ did: 'rebuilt', at, ...(cloud !== undefined && { cloud }) }]);
  }

  /** Whether everything was added that the cloud remembered. */
  async isRebuilt(cloud?: string): Promise<boolean> {
    return (await this.#read()).rebuilt.has(cloud);
  }

  /** Every resource that was ever in a stack. */
  async resources(): Promise<ReadonlySet<string>> {
    return new Set((await this.#read()).memberships.map(({ resource }) => resource));
  }

  /** The resources that belonged to each stack at any moment of a period. */
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
   * The stack that is billed for each resource at a moment: the last one that had it by then, even if it has since left; before it
   * was first seen, the first one. So usage that was rated before or after the resource was seen is billed too.
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

  /** When the first resource was seen, ms since 1970; undefined: none was. Resources deleted before then may be missing. */
  async beganAt(): Promise<number | undefined> {
    return (await this.#read()).beganAt;
  }

  /** The known memberships of a stack, in the order in which they were recorded. */
  async membershipsOf(stack: string): Promise<readonly Membership[]> {
    return (await this.#read()).memberships.filter((membership) => membership.stack === stack);
  }

  async #add(entries: readonly Entry[]): Promise<void> {
    if (entries.length === 0) return;
    const known = await this.#read();
    await this.#journal?.append(...entries);
    this.#known = follow(known, entries);
  }

  #read(): Promise<Known> {
    return this.#reading.join();
  }

  async #readOnce(): Promise<Known> {
    // Another process may have been the writer meanwhile.
    if (!this.#known || (await this.#journal?.hasGrown()))
      this.#known = follow(nothing, (await this.#journal?.read()) ?? []);
    return this.#known;
  }
}

/** What has joined stacks and what has left them, by their lists. */
function changesOf(
  open: Known['open'],
  members: ReadonlyMap<string, readonly string[]>,
  at: number,
): Entry[] {
  if ([...members].every(([stack, ids]) => isAll(open.get(stack), ids))) return [];
  const stackOf = new Map<string, string>();
  for (const [stack, ids] of members) for (const id of ids) stackOf.set(id, stack);
  const hasLeft = (stack: string, id: string) => {
    const now = stackOf.get(id);
    return now === undefined ? members.has(stack) : now !== stack;
  };
  const left = [...open].map(([stack, resources]) => ({
    did: 'left' as const,
    stack,
    resources: [...resources.keys()].filter((id) => hasLeft(stack, id)),
    at,
  }));
  const joined = [...members].map(([stack, ids]) => ({
    did: 'joined' as const,
    stack,
    resources: ids.filter((id) => !open.get(stack)?.has(id)),
    at,
  }));
  return [...left, ...joined].filter(({ resources }) => resources.length > 0);
}

/** Whether these are the resources that a stack has. If so of all stacks, none has left for another: it would be new there. */
function isAll(resources: ReadonlyMap<string, number> | undefined, ids: readonly string[]): boolean {
  return (resources?.size ?? 0) === ids.length && ids.every((id) => resources?.has(id));
}

function follow(known: Known, entries: readonly Entry[]): Known {
  const memberships = [...known.memberships];
  const open = new Map([...known.open].map(([stack, resources]) => [stack, new Map(resources)]));
  const rebuilt = new Set(known.rebuilt);
  let { beganAt } = known;
  for (const entry of entries) {
    switch (entry.did) {
      case 'rebuilt':
        rebuilt.add(entry.cloud);
        break;
      case 'recalled':
        memberships.push(new KnownMembership(entry));
        break;
      case 'joined': {
        const { stack, at } = entry;
        const resources = open.get(stack) ?? new Map<string, number>();
        open.set(stack, resources);
        beganAt = Math.min(beganAt ?? at, at);
        for (const resource of entry.resources) {
          if (resources.has(resource)) continue;
          resources.set(resource, memberships.length);
          memberships.push(new KnownMembership({ stack, resource, from: at, until: undefined }));
        }
        break;
      }
      case 'left': {
        const resources = open.get(entry.stack);
        for (const resource of entry.resources) {
          const index = resources?.get(resource);
          if (index === undefined) continue;
          memberships[index] = new KnownMembership({
            ...(memberships[index] as Membership),
            until: entry.at,
          });
          resources?.delete(resource);
        }
      }
    }
  }
  return { memberships, open, beganAt, rebuilt };
}
