import pLimit from 'p-limit';
import { OpenStackError } from '../openstack/errors.ts';
import type { ProjectId, StackId } from '../openstack/model.ts';
import { hasRating, listRated, type Rated, readRatedUntil } from '../openstack/rating.ts';
import type { Session } from '../openstack/session.ts';
import { listPastStacks, type PastStack, readResourceSpans } from '../openstack/stack-history.ts';
import { ageOf, type Clock } from '../runtime/clock.ts';
import { lastMonthBegin } from '../runtime/month.ts';
import type { EndedMembership, StackLedger } from './stack-ledger.ts';

export interface LedgerRebuildOptions {
  readonly cloud: Session;
  /** Name of the cloud in the ledger; default: it is the first, or the only one. */
  readonly cloudName?: string | undefined;
  readonly ledger: StackLedger;
  readonly clock: Clock;
  /** Most stacks and lists of them to read in one run, because the writer waits for them. A project is read whole; the next run continues. Default 400. */
  readonly mostStacks?: number;
}

/** Result of a rebuild. */
export interface RebuiltLedger {
  /** Number of resources whose stack is known again. */
  readonly found: number;
  /** Number of resources with a cost this month or last month that were in no stack that Heat remembers. */
  readonly unknown: number;
  /** Number of stacks whose events are refused, and of projects whose stacks are. */
  readonly unread: number;
}

const hourMs = 3_600_000;
/** How often to look. Resources deleted shortly before the ledger began are rated some hours later. */
const everyMs = hourMs;
/** How long to wait for the rating of a project. An empty or deleted project is never rated up to the present. */
const patienceMs = 96 * hourMs;
const requestsAtOnce = 4;

/**
 * Adds to a new or lost ledger the stacks of deleted resources that have a cost. It reads them from the events that Heat keeps of
 * each stack, including deleted stacks. This is done once, and only for projects with such resources.
 *
 * ```
 *  rated, and in no stack that was seen  ──►  the stacks of its project, deleted ones too  ──►  their events
 *  CloudKitty: one list                       Heat: one list a project                           Heat: one list a stack
 * ```
 */
export class LedgerRebuild {
  readonly #options: LedgerRebuildOptions;
  readonly #limit = pLimit(requestsAtOnce);
  /** Ids of resources that were already looked for. */
  readonly #sought = new Set<string>();
  readonly #unread = new Set<StackId | ProjectId>();
  #found = 0;
  #isDone = false;
  #begunAt: number | undefined;
  #lookedAt = Number.NEGATIVE_INFINITY;

  constructor(options: LedgerRebuildOptions) {
    this.#options = options;
  }

  /** Whether the ledger has everything that the cloud remembers. */
  get isDone(): boolean {
    return this.#isDone;
  }

  /**
   * Takes the next step, if it is time for one.
   *
   * @param projects whose stacks may be billed
   * @returns the result, once the rebuild is complete
   * @throws {ServiceError} the cloud is unavailable; what was found before stays
   */
  async run(projects: ReadonlySet<string>, signal?: AbortSignal): Promise<RebuiltLedger | undefined> {
    const { cloud, cloudName, ledger, clock } = this.#options;
    const now = clock.now();
    if (this.#isDone || ageOf(this.#lookedAt, now) < everyMs) return undefined;
    this.#begunAt ??= now;
    const isNeeded = !(await ledger.isRebuilt(cloudName)) && (await hasRating(cloud, signal));
    // Older usage is neither recorded nor shown any more.
    const since = lastMonthBegin(now);
    const ratedUntil = isNeeded ? await readRatedUntil(cloud, signal) : new Map<ProjectId, number>();
    const rated = isNeeded ? await listRated(cloud, { begin: since, end: now, signal }) : undefined;
    if (!rated) {
      this.#isDone = true;
      return undefined;
    }
    const costly = rated.filter(({ rate, projectId }) => rate > 0 && projects.has(projectId));
    if (!(await this.#recall(costly, since, signal))) return undefined;
    this.#lookedAt = now;
    const beganAt = (await ledger.beganAt()) ?? this.#begunAt;
    const isLate = [...projects].some((id) => (ratedUntil.get(id as ProjectId) ?? 0) < beganAt);
    if (isLate && now < beganAt + patienceMs) return undefined;
    await ledger.endRebuild(now, cloudName);
    this.#isDone = true;
    const unknown = new Set((await this.#missing(costly)).map(({ id }) => id)).size;
    return { found: this.#found, unknown, unread: this.#unread.size };
  }

  /** @returns whether all resources are known or were looked for */
  async #recall(costly: readonly Rated[], since: number, signal: AbortSignal | undefined): Promise<boolean> {
    const { cloud, ledger, mostStacks = 400 } = this.#options;
    const missing = (await this.#missing(costly)).filter(({ id }) => !this.#sought.has(id));
    let budget = mostStacks;
    for (const [projectId, resources] of Map.groupBy(missing, (row) => row.projectId)) {
      if (budget <= 0) return false;
      const ids = new Set(resources.map(({ id }) => id));
      const all = await this.#unlessRefused(projectId, () => listPastStacks(cloud, projectId, signal));
      const recent = all.filter(({ deletedAt }) => deletedAt === undefined || deletedAt >= since);
      const memberships = await this.#membershipsIn(recent, ids, signal);
      await ledger.recall(memberships);
      this.#found += memberships.length;
      for (const id of ids) this.#sought.add(id);
      budget -= 1 + recent.length;
    }
    return true;
  }

  async #missing(costly: readonly Rated[]): Promise<Rated[]> {
    const known = await this.#options.ledger.resources();
    return costly.filter(({ id }) => !known.has(id));
  }

  /** The periods in which each wanted resource was in the tree of a root stack. */
  async #membershipsIn(
    stacks: readonly PastStack[],
    wanted: ReadonlySet<string>,
    signal: AbortSignal | undefined,
  ): Promise<EndedMembership[]> {
    const { cloud, clock } = this.#options;
    const stackOf = new Map(stacks.map((stack) => [stack.id, stack]));
    const found = await this.#limit.map(stacks, async (stack): Promise<EndedMembership[]> => {
      const root = rootOf(stack, stackOf);
      if (!root) return [];
      const spans = await this.#unlessRefused(stack.id, () => readResourceSpans(cloud, stack, signal));
      return spans.flatMap(({ id: resource, from, until = stack.deletedAt ?? clock.now() }) =>
        wanted.has(resource) ? [{ stack: root.id, resource, from, until }] : [],
      );
    });
    return found.flat();
  }

  /** @returns nothing if Heat or Keystone refuses to answer, since a retry would be refused too */
  async #unlessRefused<T>(id: StackId | ProjectId, read: () => Promise<T[]>): Promise<T[]> {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof OpenStackError) || error.severity !== 'terminal') throw error;
      this.#unread.add(id);
      return [];
    }
  }
}

/** @returns undefined: Heat no longer knows the stack that it was nested in */
function rootOf(stack: PastStack, stackOf: ReadonlyMap<string, PastStack>): PastStack | undefined {
  const passed = new Set<string>();
  let at: PastStack | undefined = stack;
  while (at && at.parentId !== null && !passed.has(at.id)) {
    passed.add(at.id);
    at = stackOf.get(at.parentId);
  }
  return at?.parentId === null ? at : undefined;
}
