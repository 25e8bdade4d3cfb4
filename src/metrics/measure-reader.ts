import pLimit from 'p-limit';
import {
  type Aggregates,
  type ArchivePolicy,
  aggregateMeasures,
  findArchivePolicyOf,
  findRefusedMetrics,
  listMetricsOfPolicy,
  type Measures,
  type MetricId,
  type ResourceId,
  type ResourceType,
} from '../openstack/metric.ts';
import type { Session } from '../openstack/session.ts';
import type { Clock } from '../runtime/clock.ts';
import { ServiceError } from '../runtime/severity.ts';
import { metersByType } from './definitions.ts';
import type { Series } from './figures.ts';
import { groupReads, type Measurable, type Readability, type ReadGroup, readabilityOf } from './read-plan.ts';
import { pointsUpTo, readSeries } from './read-series.ts';
import { farMs, type InstanceOf, ReadWindows } from './read-windows.ts';

/** What was read of many resources: of each, its series by meter. */
export interface Reading {
  readonly series: ReadonlyMap<ResourceId, ReadonlyMap<string, Series>>;
  /** What Gnocchi did not answer. */
  readonly failures: readonly ReadFailure[];
}

/** What Gnocchi did not answer, and of how many resources. */
export interface ReadFailure {
  readonly type: ResourceType;
  readonly resources: number;
  readonly error: unknown;
}

/** A page of resources and their measures cost Gnocchi about the same. */
const chunkSize = 1000;
/** In a long window each resource may have many points. */
const farChunkSize = 200;
/** Gnocchi joins resources with their metrics in its database for each request: few at a time. */
const requestsAtOnce = 4;
/** Of that many resources, spread over all, a longer time is read to see how often they are polled. */
const probeSize = 10;
/** Requests that one cycle spends on finding out what Gnocchi refuses, at most. */
const mostInquiries = 50;

/** A group whose measures are read in one request. */
interface WindowedGroup extends ReadGroup {
  readonly windowMs: number;
}

/** What one reading goes by. */
interface Task {
  readonly resources: ReadonlyMap<ResourceId, Measurable>;
  readonly series: Map<ResourceId, Map<string, Series>>;
  readonly signal: AbortSignal | undefined;
}

/**
 * Reads the measures of all resources in few requests. It learns what it needs: how each metric's measures are kept, from
 * one metric of each name and from what Gnocchi refuses; how often they come, from the points.
 */
export class MeasureReader {
  readonly #session: Session;
  readonly #clock: Clock;
  readonly #limit = pLimit(requestsAtOnce);
  /** Of the metrics of a name as a rule. */
  readonly #usual = new Map<string, Readability>();
  /** Of those that differ. */
  readonly #special = new Map<MetricId, Readability>();
  /** By granularity: the metrics of one resource may have several. */
  readonly #windows = new Map<number, ReadWindows>();
  /** Requests that this cycle has spent on finding out what Gnocchi refuses. */
  #inquiries = 0;

  constructor(options: { session: Session; clock: Clock }) {
    this.#session = options.session;
    this.#clock = options.clock;
  }

  /** A cycle may find out so much again. */
  beginCycle(): void {
    this.#inquiries = 0;
  }

  /** Forgets what was learnt of resources that no longer exist. */
  keepOnly(ids: ReadonlySet<ResourceId>): void {
    for (const [granularity, windows] of this.#windows) {
      windows.keepOnly(ids);
      if (windows.isEmpty) this.#windows.delete(granularity);
    }
  }

  /**
   * The measures of these resources. What Gnocchi refuses or does not answer is left out; the rest is
   * returned.
   */
  async read(type: ResourceType, resources: readonly Measurable[], signal?: AbortSignal): Promise<Reading> {
    const task: Task = {
      resources: new Map(resources.map((resource) => [resource.id, resource])),
      series: new Map(resources.map(({ id }) => [id, new Map()])),
      signal,
    };
    const failures: ReadFailure[] = [];
    const attempt = async (count: number, work: () => Promise<void>) => {
      try {
        await work();
      } catch (error) {
        failures.push({ type, resources: count, error });
      }
    };
    await attempt(resources.length, async () => {
      await this.#learnUsual(type, task);
      for (const group of this.#groups(type, task, task.resources.keys())) {
        await this.#probe(group, task);
        const answered: WindowedGroup[] = [];
        const readAll = (parts: readonly WindowedGroup[]) =>
          Promise.all(
            parts.map((part) =>
              this.#limit(() =>
                attempt(part.ids.length, async () => {
                  await this.#readGroup(part, task);
                  answered.push(part);
                }),
              ),
            ),
          );
        await readAll(this.#plan(group, task));
        await readAll(this.#farLooks(answered, task));
      }
    });
    this.#nameTheRest(type, task);
    return { series: task.series, failures };
  }

  /** Forgets what was learnt: archive policies change, and a metric may be recreated with another one. */
  forget(): void {
    this.#usual.clear();
    this.#special.clear();
  }

  async #learnUsual(type: ResourceType, { resources, signal }: Task): Promise<void> {
    for (const meter of metersByType.get(type) ?? []) {
      if (this.#usual.has(meter)) continue;
      // The newest resource: an administrator's last change of policies shows there.
      const metric = [...resources.values()].findLast(({ metrics }) => metrics[meter])?.metrics[meter];
      const policy = metric && (await findArchivePolicyOf(this.#session, metric, signal));
      if (policy) this.#usual.set(meter, readabilityOf(policy));
    }
  }

  #groups(type: ResourceType, { resources }: Task, ids: Iterable<ResourceId>): ReadGroup[] {
    const wanted = [...ids].flatMap((id) => resources.get(id) ?? []);
    return groupReads(type, wanted, (meter, metric) => this.#readability(meter, metric));
  }

  #readability(meter: string, metric: MetricId): Readability {
    return (
      this.#special.get(metric) ??
      this.#usual.get(meter) ?? { kind: 'unreadable', reason: 'Gnocchi does not tell its archive policy' }
    );
  }

  /** The requests for a group, each with its window. */
  #plan(group: ReadGroup, task: Task): WindowedGroup[] {
    const windows = this.#windowsOf(group).plan(group.ids, {
      granularityMs: group.coarsest * 1000,
      now: this.#clock.now(),
      instanceOf: instanceIn(task),
    });
    return windows.flatMap(({ windowMs, ids }) =>
      chunksOf(ids).map((some) => ({ ...group, ids: some, windowMs })),
    );
  }

  /** Requests with the longest window, for resources whose window was too short. */
  #farLooks(read: readonly WindowedGroup[], task: Task): WindowedGroup[] {
    const [group] = read;
    if (!group) return [];
    const [windows, now] = [this.#windowsOf(group), this.#clock.now()];
    const granularityMs = group.coarsest * 1000;
    const short = read.flatMap(({ ids, windowMs }) =>
      windowMs >= farMs
        ? []
        : windows.tooShort(ids, { windowMs, granularityMs, now, instanceOf: instanceIn(task) }),
    );
    windows.noteFarLook(short, now);
    return chunksOf(short, farChunkSize).map((ids) => ({ ...group, ids, windowMs: farMs }));
  }

  #windowsOf({ granularity }: Pick<ReadGroup, 'granularity'>): ReadWindows {
    let windows = this.#windows.get(granularity);
    if (!windows) this.#windows.set(granularity, (windows = new ReadWindows()));
    return windows;
  }

  async #probe(group: ReadGroup, task: Task): Promise<void> {
    if (!this.#windowsOf(group).isNewTo(group.ids)) return;
    const step = Math.max(1, Math.floor(group.ids.length / probeSize));
    const ids = group.ids.filter((_, index) => index % step === 0).slice(0, probeSize);
    const now = this.#clock.now();
    const answer = await this.#ask({ ...group, ids }, now - farMs, task.signal);
    if (answer.kind === 'measures') this.#observe({ ...group, ids }, answer.measures, now);
  }

  #observe(group: ReadGroup, measures: Measures, now: number): void {
    const windows = this.#windowsOf(group);
    for (const id of group.ids) {
      const read = measures.get(id);
      windows.observe(
        id,
        group.meters.map((meter) => pointsUpTo(read?.get(meter) ?? [], now)),
        now,
      );
    }
  }

  async #readGroup(group: WindowedGroup, task: Task): Promise<void> {
    const now = this.#clock.now();
    const since = now - group.windowMs;
    const answer = await this.#ask(group, since, task.signal);
    if (answer.kind === 'measures') {
      this.#observe(group, answer.measures, now);
      this.#take(group, answer.measures, { now, since }, task);
      return;
    }
    const { reason, culprits } = answer.refusal;
    const suspects = culprits.length > 0 ? culprits : await this.#findSuspects(group, since, task);
    const learnt = await this.#learnSpecial(group, suspects, reason, task);
    if (!learnt && group.ids.length > 1) {
      const half = Math.ceil(group.ids.length / 2);
      this.#countInquiry(reason);
      await this.#readGroup({ ...group, ids: group.ids.slice(0, half) }, task);
      await this.#readGroup({ ...group, ids: group.ids.slice(half) }, task);
      return;
    }
    if (!learnt) this.#putOut(group, reason, task);
    for (const rest of this.#groups(group.type, task, group.ids)) {
      // Of resources with several granularities the others are in groups of their own already.
      if (!learnt && rest.granularity !== group.granularity) continue;
      await this.#probe(rest, task);
      for (const part of this.#plan(rest, task)) await this.#readGroup(part, task);
    }
  }

  async #ask(group: ReadGroup, since: number, signal: AbortSignal | undefined): Promise<Aggregates> {
    const { type, ids, meters: names, granularity } = group;
    return aggregateMeasures(this.#session, { type, ids, names, granularity, since }, signal);
  }

  async #findSuspects(group: ReadGroup, since: number, task: Task): Promise<readonly MetricId[]> {
    this.#countInquiry('a granularity is missing');
    const ids = metricsOf(group, task);
    const { granularity } = group;
    return findRefusedMetrics(this.#session, { ids, granularity, since }, task.signal);
  }

  /** @returns whether something was learnt, so that asking again differs */
  async #learnSpecial(
    group: ReadGroup,
    suspects: readonly MetricId[],
    reason: string,
    task: Task,
  ): Promise<boolean> {
    const [first] = suspects;
    if (first === undefined) return false;
    this.#countInquiry(reason);
    const policy = await findArchivePolicyOf(this.#session, first, task.signal);
    const how: Readability = policy
      ? otherThan(group.granularity, readabilityOf(policy), reason)
      : { kind: 'unreadable', reason: 'the metric is gone' };
    const alike = policy && how.kind === 'unreadable' ? await this.#allOf(policy, group, task) : suspects;
    const wanted = new Set(metricsOf(group, task));
    for (const id of [first, ...alike]) if (wanted.has(id)) this.#special.set(id, how);
    return wanted.has(first);
  }

  /** Of metrics without means Gnocchi names one at a time, but it lists the metrics of a policy. */
  async #allOf(policy: ArchivePolicy, group: ReadGroup, task: Task): Promise<MetricId[]> {
    const lists: MetricId[][] = [];
    for (const name of group.meters) {
      this.#countInquiry(`archive policy ${policy.name}`);
      lists.push(
        await listMetricsOfPolicy(this.#session, { policy: policy.name, name, signal: task.signal }),
      );
    }
    return lists.flat();
  }

  #putOut(group: ReadGroup, reason: string, task: Task): void {
    for (const id of metricsOf(group, task)) this.#special.set(id, { kind: 'unreadable', reason });
  }

  #countInquiry(reason: string): void {
    if (this.#inquiries++ < mostInquiries) return;
    throw new ServiceError(`Gnocchi refuses too much to find out in one cycle what it can give: ${reason}.`, {
      severity: 'transient',
      hint: 'The next cycle goes on. `gnocchi archive-policy list` shows the policies.',
    });
  }

  #take(
    group: ReadGroup,
    measures: Measures,
    { now, since }: { now: number; since: number },
    task: Task,
  ): void {
    const granularityMs = group.granularity * 1000;
    for (const id of group.ids) {
      const taken = task.series.get(id);
      const read = measures.get(id);
      const cadence = this.#windowsOf(group).cadenceOf(id);
      for (const meter of group.meters) {
        const points = read?.get(meter);
        // A metric that the search did not show yet may be there by now.
        if (!points && !task.resources.get(id)?.metrics[meter]) continue;
        taken?.set(meter, readSeries(points ?? [], { granularityMs, since, now, cadence }));
      }
    }
  }

  /** Says of each metric that was not read why. */
  #nameTheRest(type: ResourceType, { resources, series }: Task): void {
    for (const { id, metrics } of resources.values()) {
      for (const meter of metersByType.get(type) ?? []) {
        const metric = metrics[meter];
        const taken = series.get(id);
        if (metric === undefined || !taken || taken.has(meter)) continue;
        const how = this.#readability(meter, metric);
        taken.set(meter, how.kind === 'unreadable' ? how : { kind: 'unread' });
      }
    }
  }
}

function instanceIn({ resources }: Task): InstanceOf {
  return (id) => resources.get(id)?.instanceId ?? id;
}

/** Gnocchi refuses what its own archive policy promises: then its word counts. */
function otherThan(granularity: number, how: Readability, reason: string): Readability {
  const isSame = how.kind === 'granularity' && how.seconds === granularity;
  return isSame ? { kind: 'unreadable', reason } : how;
}

function metricsOf({ ids, meters }: ReadGroup, { resources }: Task): MetricId[] {
  return ids.flatMap((id) => meters.flatMap((meter) => resources.get(id)?.metrics[meter] ?? []));
}

function chunksOf(ids: readonly ResourceId[], size = chunkSize): ResourceId[][] {
  const chunks: ResourceId[][] = [];
  for (let at = 0; at < ids.length; at += size) chunks.push(ids.slice(at, at + size));
  return chunks;
}
