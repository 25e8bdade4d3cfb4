import { randomUUID } from 'node:crypto';
import type { Owner, PortalSnapshot } from '../concertim/model.ts';
import { listOwners } from '../concertim/owners.ts';
import type { PortalProfile } from '../concertim/profile.ts';
import type { Session as PortalSession } from '../concertim/session.ts';
import { readPortal } from '../concertim/snapshot.ts';
import type { Logger } from '../observability/logger.ts';
import { SaidOnce } from '../observability/said-once.ts';
import { Tracing } from '../observability/tracing.ts';
import type { Traffic } from '../observability/traffic.ts';
import type {
  Announcer,
  ObjectReference,
  ProjectId,
  Reference,
  ServerId,
  StackId,
} from '../openstack/model.ts';
import type { Session as CloudSession } from '../openstack/session.ts';
import { type Change, changesOf, type Plan } from '../plan/change.ts';
import type { Costs } from '../plan/costs.ts';
import { isOwnTemplate, metadataKeys, stackKey } from '../plan/ownership.ts';
import type { CloudsPlan } from '../plan/plan-clouds.ts';
import type { PlanSettings } from '../plan/plan-settings.ts';
import { indexPortal } from '../plan/portal-index.ts';
import { removedObjects } from '../plan/removed-objects.ts';
import { Subjects } from '../plan/subject.ts';
import { ageOf, type Clock, isoTime } from '../runtime/clock.ts';
import type { Random } from '../runtime/random.ts';
import { explain } from '../runtime/severity.ts';
import { startStopwatch } from '../runtime/stopwatch.ts';
import { resolveFloatingIps } from './addressed-servers.ts';
import { AnnouncedDeletions } from './announced-deletions.ts';
import { applyPlan } from './apply.ts';
import { ApplyProgress, type Progress } from './apply-progress.ts';
import { atStake, turnsOf } from './at-stake.ts';
import type { AuditPace } from './audit-timer.ts';
import { ChangeRecord } from './change-record.ts';
import { CloudLists } from './cloud-lists.ts';
import { Clouds, type SeenClouds } from './clouds.ts';
import { ContestWatch } from './contest-watch.ts';
import type { CostSource, ReadCosts } from './cost-source.ts';
import type { DeletionAllowance } from './deletion-allowance.ts';
import { DriftWatch, type FullRun } from './drift-watch.ts';
import { ExternalNetworks } from './external-networks.ts';
import { PortalMirror } from './mirror.ts';
import type { SeenCloud } from './observe-cloud.ts';
import { ObservedCloud } from './observed-cloud.ts';
import type { Outcome } from './outcome.ts';
import { PortalReader } from './portal-reader.ts';
import { PortalUpgraded } from './portal-upgraded.ts';
import { PostponedReferences } from './postponed-references.ts';
import { isSuccess, type RunReport } from './run-report.ts';
import { TreeMemory } from './tree-memory.ts';
import { UnassignedServers } from './unassigned-servers.ts';
import { unreadableObjects } from './unread-in.ts';

/** A cloud to reconcile with. */
export interface CloudSource {
  readonly name: string;
  readonly session: CloudSession;
  /** What stacks were last found to be made of. Default: nothing yet. */
  readonly trees?: TreeMemory | undefined;
}

export interface ReconcilerOptions {
  /** The first is the one whose templates have the ids of its flavors alone. */
  readonly clouds: readonly [CloudSource, ...CloudSource[]];
  readonly portal: PortalSession;
  readonly settings: PlanSettings;
  /** Permissions to delete once more than `settings` allow. Default: there are none. */
  readonly allowances?: Pick<DeletionAllowance, 'take'> | undefined;
  readonly traffic: Traffic;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** How often everything in the portal is read. Default: each full run reads the whole portal. */
  readonly audit?: AuditPace;
  /** Default: no costs. */
  readonly costs?: CostSource | undefined;
  /** Reads the order of each stack, for portals that require one. Default: no orders. */
  readonly orders?: (signal?: AbortSignal) => Promise<ReadonlyMap<string, string>>;
  /** Called after a full run, unless it found wrong clouds alone. Must handle its own errors. */
  readonly onFullRun?: (run: FullRunResult, signal?: AbortSignal) => Promise<void>;
  /** Keystone projects that are being deleted: their owner gets no new racks, which would vanish. Default: none. */
  readonly departing?: () => Promise<ReadonlySet<string>>;
  /** Called every few seconds while a run makes its changes. */
  readonly onProgress?: (progress: Progress) => void;
  /** Default: nothing is traced. */
  readonly tracing?: Tracing;
}

/** What a full run read, for other work than racks and devices, such as costs and credits. */
export interface FullRunResult {
  /** Names of the clouds that were read, without wrong ones. */
  readonly clouds: ReadonlySet<string>;
  /** All stacks that Heat listed. */
  readonly stacks: ReadonlySet<StackId>;
  /** The portal before the run's changes. */
  readonly portal: PortalSnapshot;
  /** Costs of a project; undefined: not read, or its cloud rates nothing. */
  readonly costsOf: (project: ProjectId) => Costs | undefined;
  /** Names of the clouds that have a project; empty: none is known to. */
  readonly cloudsOf: (project: ProjectId) => readonly string[];
}

/** What a run saw, before anything is changed. */
export interface Survey {
  readonly clouds: SeenClouds;
  /** By stack; undefined: not read. */
  readonly orders: ReadonlyMap<StackId, string> | undefined;
  readonly seen: SeenCloud;
  readonly portal: PortalSnapshot;
  readonly plan: CloudsPlan;
  readonly ms: { readonly observe: number; readonly plan: number };
}

/** What a run is known by from its beginning. */
interface Run {
  readonly runId: string;
  readonly scope: RunReport['scope'];
  readonly startedAt: number;
  readonly requestsBefore: ReadonlyMap<string, number>;
  readonly log: Logger;
}

/** Users and teams are created at any time. Events of projects without an owner in the portal must not cause a read each. */
const ownersAgeMs = 30_000;
/**
 * Nova shows a floating IP only after Neutron has notified it, which batches events for `send_events_interval` (2 s by default),
 * and after the compute host has read its ports.
 */
const addressLagMs = 6_000;

/**
 * The portal's one writer: observes both sides, plans, applies. One run at a time; the caller sees to that
 * (reconcile-loop.ts). Between full runs it knows the portal by its own writes.
 */
export class Reconciler {
  readonly #options: ReconcilerOptions;
  readonly #clouds: Clouds;
  readonly #tracing: Tracing;
  /** Changes that are not made, and were logged already. */
  readonly #said = new SaidOnce();
  readonly #reader: PortalReader;
  #mirror: PortalMirror | undefined;
  #ownersReadAt = 0;
  readonly #contest: ContestWatch;
  readonly #drift = new DriftWatch();
  readonly #announced = new AnnouncedDeletions();
  /** Whether the last full run has seen everything that was announced before it. */
  #hasReadAll = false;
  /** References to projects without an owner, where the owners had just been read. */
  readonly #strangers: PostponedReferences<ObjectReference>;
  /** Servers whose floating IPs have changed, to be read once Nova shows them. */
  readonly #addressed: PostponedReferences<ObjectReference>;

  constructor(options: ReconcilerOptions) {
    this.#options = options;
    this.#tracing = options.tracing ?? new Tracing();
    this.#reader = new PortalReader({ ...options, session: options.portal, pace: options.audit });
    this.#contest = new ContestWatch(options.clock);
    this.#strangers = new PostponedReferences(options.clock);
    this.#addressed = new PostponedReferences(options.clock);
    const [first, ...others] = options.clouds.map(
      ({ name, session, trees }) =>
        new ObservedCloud(name, {
          session,
          lists: new CloudLists((server) => this.#readAhead(server)),
          externalNetworks: new ExternalNetworks(options.log),
          unassigned: new UnassignedServers(options.clock),
          memory: trees ?? new TreeMemory(),
          deletions: options.settings.deletions,
          clock: options.clock,
          random: options.random,
        }),
    );
    this.#clouds = new Clouds([first as ObservedCloud, ...others]);
  }

  /** Both sides as they are, and what would be changed. Changes nothing. */
  async survey(signal?: AbortSignal): Promise<Survey> {
    const read = () => readPortal(this.#options.portal, signal);
    return this.#survey(read, this.#options.settings, signal);
  }

  async #survey(
    read: () => Promise<PortalSnapshot>,
    settings: PlanSettings,
    signal: AbortSignal | undefined,
  ): Promise<Survey> {
    const elapsed = startStopwatch();
    const found = await read();
    const owners = await this.#markLeaving(found.owners);
    const portal = owners === found.owners ? found : { ...found, owners };
    const readCosts = async ({ name }: ObservedCloud) => this.#readCosts(name, signal);
    const [clouds, orders] = await Promise.all([
      this.#clouds.observe(portal, this.#announced.ids, readCosts, signal),
      this.#readOrders(portal, signal),
    ]);
    const observedMs = elapsed();
    const changes = clouds.plan(portal, settings, orders);
    const ms = { observe: observedMs, plan: elapsed() - observedMs };
    return { clouds, orders, seen: clouds.seen, portal, plan: changes, ms };
  }

  async #surveyAhead(
    read: () => Promise<PortalSnapshot>,
    settings: PlanSettings,
    signal: AbortSignal | undefined,
  ): Promise<Survey> {
    try {
      return await this.#survey(read, settings, signal);
    } finally {
      await this.#reader.endAhead();
    }
  }

  /** Racks of servers that have changed are read while the rest of the cloud is: most plans change what is in them. */
  #readAhead(server: ServerId): void {
    if (!this.#mirror) return;
    const { devicesOf } = indexPortal(this.#mirror.snapshot());
    const devices = devicesOf.server.get(server) ?? [];
    this.#reader.readAhead(devices.flatMap(({ location }) => location?.rackId ?? []));
  }

  /**
   * A full run changes only what it has read. Racks of the plan that this run has not read yet are read now, with their devices;
   * if any differs from what was known, the run plans again. This ends, since each round reads further racks.
   */
  async #readAtStake(
    survey: Survey,
    settings: PlanSettings,
    signal: AbortSignal | undefined,
  ): Promise<Survey> {
    const elapsed = startStopwatch();
    let { portal, plan: changes } = survey;
    for (;;) {
      const found = await this.#reader.readAlso(portal, atStake(changes), this.#mirror, signal);
      if (found === portal) break;
      portal = found;
      changes = survey.clouds.plan(portal, settings, survey.orders);
    }
    const ms = { ...survey.ms, observe: survey.ms.observe + elapsed() };
    return { ...survey, portal, plan: changes, ms };
  }

  /** The survey of a full run, with the allowance to delete more if there is one and it lists everything that would be deleted. */
  async #surveyAllowed(
    read: () => Promise<PortalSnapshot>,
    log: Logger,
    signal: AbortSignal | undefined,
  ): Promise<Survey> {
    const { settings, allowances } = this.#options;
    const first = await this.#surveyAhead(read, settings, signal);
    const usual = await this.#readAtStake(first, settings, signal);
    const taken = (await allowances?.take()) ?? { kind: 'none' };
    if (taken.kind === 'none') return usual;
    if (taken.kind === 'void') {
      log.warn({ because: taken.because }, 'permission of allow-deletions not used');
      return usual;
    }
    const { objects, by } = taken.allowance;
    const allowed = { ...settings, deletions: { ...settings.deletions, allowAll: true } };
    const changes = usual.clouds.plan(usual.portal, allowed, usual.orders);
    const survey = await this.#readAtStake({ ...usual, plan: changes }, allowed, signal);
    const deletions = removedObjects(survey.plan);
    const expected = new Set([...objects, ...removedObjects(usual.plan)]);
    const others = deletions.filter((object) => !expected.has(object));
    if (others.length === 0) {
      log.warn({ deletions: deletions.length, by }, 'deletions allowed for this run');
      return survey;
    }
    const because = `the run would also delete what was not listed (${others.length}), such as ${others[0]}`;
    log.warn({ because, by }, 'permission of allow-deletions not used');
    return usual;
  }

  #noteRelease({ release }: PortalProfile, before: PortalProfile | undefined, log: Logger): void {
    if (before === undefined) log.info({ release }, 'portal recognized');
    else if (before.release !== release) {
      log.warn({ release, before: before.release }, 'portal was upgraded');
      // Its migrations delete rows: that must not count as undone by another writer.
      this.#contest.forget();
    }
  }

  /** Marks owners that are about to be deleted: the portal does not show this of teams, but our API knows it. */
  async #markLeaving(owners: readonly Owner[]): Promise<readonly Owner[]> {
    const departing = await this.#options.departing?.();
    if (!departing || departing.size === 0) return owners;
    return owners.map((owner) =>
      owner.projectId !== null && departing.has(owner.projectId) ? { ...owner, leaving: true } : owner,
    );
  }

  /** A failure does not stop the run: without costs the portal keeps what it shows. */
  async #readCosts(cloud: string, signal: AbortSignal | undefined): Promise<ReadCosts> {
    try {
      return (await this.#options.costs?.read(cloud, signal)) ?? 'unrated';
    } catch (error) {
      signal?.throwIfAborted();
      this.#options.log.warn({ err: error, why: explain(error) }, 'failed to read costs, portal values kept');
      return 'unread';
    }
  }

  /** A failure does not stop the run: a new rack gets its stack's id as its order until a later run has read the orders. */
  async #readOrders(
    { profile }: PortalSnapshot,
    signal: AbortSignal | undefined,
  ): Promise<ReadonlyMap<StackId, string> | undefined> {
    if (!profile.orders) return undefined;
    try {
      return (await this.#options.orders?.(signal)) as ReadonlyMap<StackId, string> | undefined;
    } catch (error) {
      signal?.throwIfAborted();
      this.#options.log.warn(
        { err: error, why: explain(error) },
        'failed to read orders, portal values kept',
      );
      return undefined;
    }
  }

  async #noteMembers({ members }: Plan): Promise<void> {
    try {
      await this.#options.costs?.note(members());
    } catch (error) {
      this.#options.log.warn(
        { err: error, why: explain(error) },
        'failed to record the members of stacks in data_dir',
      );
    }
  }

  /** Saves the stack trees so that the next process need not read them. Stacks that neither Heat nor the portal has are dropped. */
  async #keepTrees({ clouds: { read }, portal }: Survey): Promise<void> {
    const { racksOfSource } = indexPortal(portal);
    for (const { cloud, seen } of read) {
      const { memory } = cloud.observe;
      memory.retain((id) => seen.rootOfStack.has(id) || racksOfSource.has(stackKey(id)));
      await memory.save();
    }
  }

  /** Whether, from now on, every change of the cloud is announced. */
  setListening(isListening: boolean): void {
    this.#drift.setListening(isListening);
    for (const lists of this.#lists) lists.setListening(isListening);
  }

  /**
   * Takes note of what was announced, and as deleted: the next run that does not find it has its proof.
   *
   * @param announcer the service whose notification it was, if it was one
   */
  announce(references: readonly Reference[], announcer?: Announcer): void {
    // Of several clouds it is not known which of them has announced it.
    if (announcer && this.#clouds.isAlone) for (const lists of this.#lists) lists.hear(announcer);
    this.#drift.hear(references);
    const addressed = this.#mirror ? resolveFloatingIps(references, this.#mirror).addressed : [];
    this.#drift.hear(addressed);
    // Neutron before Rocky does not say where a floating IP leads to: only the complete list shows whose it is.
    const isUnresolved = references.some((each) => each.kind === 'floating-ip' && !each.serverId);
    if (isUnresolved && addressed.length === 0) for (const { servers } of this.#lists) servers.forget();
    this.#announced.hear(references);
  }

  /** Reconciles the whole portal. */
  async reconcileAll(signal?: AbortSignal): Promise<RunReport> {
    const run = this.#begin('full');
    this.#hasReadAll = false;
    const drift = this.#drift.begin();
    const known = this.#mirror?.unedited();
    const forgetAnnounced = this.#announced.begin();
    const read = () => this.#reader.read(this.#mirror, signal);
    const survey = await this.#surveyAllowed(read, run.log, signal);
    this.#noteRelease(survey.portal.profile, known?.profile, run.log);
    if (known && known.racks.length > 0 && survey.portal.racks.length === 0) {
      run.log.warn({ racks: known.racks.length }, 'portal lost all racks, creating them again');
      // Templates too: its database was emptied. A service with other settings has the same templates, and leaves them.
      if (wasEmptied(known, survey.portal)) this.#contest.forget();
    }
    this.#hasReadAll = survey.clouds.read.every(({ cloud }) => cloud.hasReadAll);
    if (this.#hasReadAll) this.#strangers.takeAll();
    this.#mirror = new PortalMirror(survey.portal);
    this.#reader.keep();
    const { wrongClouds } = survey.plan;
    for (const { cloud } of survey.clouds.read) cloud.isWrong = wrongClouds.includes(cloud.name);
    this.#ownersReadAt = this.#options.clock.now();
    await this.#noteMembers(survey.plan);
    await this.#keepTrees(survey);
    const { report, done, subjectOf } = await this.#apply(run, survey, this.#mirror, signal);
    if (known) {
      drift.end({
        done,
        subjectOf,
        known,
        read: indexPortal(survey.portal),
        rootOfStack: survey.seen.rootOfStack,
        remembered: survey.seen.cloud.remembered,
        isComplete: isSuccess(report),
      });
    }
    // What an unavailable cloud has announced has not been looked for yet.
    const isOfNow = survey.clouds.read.every(({ cloud }) => !cloud.isFromTrial);
    if (isOfNow && survey.clouds.read.length === this.#clouds.all.length) forgetAnnounced();
    const right = survey.clouds.read.map(({ cloud }) => cloud).filter(({ isWrong }) => !isWrong);
    if (right.length > 0) {
      const clouds = new Set(right.map(({ name }) => name));
      const stacks = new Set(survey.seen.rootOfStack.keys());
      const { portal } = survey;
      const { costsOf, cloudsOf } = survey.clouds;
      await this.#options.onFullRun?.({ clouds, stacks, portal, costsOf, cloudsOf }, signal);
    }
    return { ...report, drift: drift.drift };
  }

  /**
   * Reconciles what the references name. The first run is a full one, because nothing is known of the portal yet; so is each run
   * after one in the wrong cloud, because only a full run shows whether this is the right cloud; and one for a network that is
   * external now or was, because it decides which addresses of all servers are public.
   */
  async reconcile(references: readonly Reference[], signal?: AbortSignal): Promise<RunReport> {
    const mirror = this.#mirror;
    const isWrong = this.#clouds.all.some((cloud) => cloud.isWrong);
    if (!mirror || isWrong || (await this.#clouds.haveOtherExternalNetworks(references, signal))) {
      // The run reads what the references name only with complete lists.
      this.forgetCloud();
      return this.reconcileAll(signal);
    }

    const run = this.#begin('targeted');
    try {
      return await this.#reconcileNamed(run, references, mirror, signal);
    } catch (error) {
      // What was announced has not been read: no list of what changed makes up for it.
      this.forgetCloud();
      throw error;
    }
  }

  async #reconcileNamed(
    run: Run,
    references: readonly Reference[],
    mirror: PortalMirror,
    signal: AbortSignal | undefined,
  ): Promise<RunReport> {
    const elapsed = startStopwatch();
    const { objects: named, addressed } = resolveFloatingIps(references, mirror);
    this.#drift.hear(addressed);
    const due = [...named, ...this.#addressed.takeDue()];
    this.#addressed.add(addressed, addressLagMs);
    const objects = [...due, ...(await this.#refreshOwners(due, mirror, signal))];
    const portal = mirror.snapshot();
    const [clouds, orders] = await Promise.all([
      this.#clouds.observeNamed(objects, portal, this.#announced.ids, signal),
      this.#readOrders(portal, signal),
    ]);
    const observedMs = elapsed();
    const changes = clouds.plan(portal, this.#options.settings, orders);
    const ms = { observe: observedMs, plan: elapsed() - observedMs };
    const survey = { clouds, orders, seen: clouds.seen, portal, plan: changes, ms };
    return (await this.#apply(run, survey, mirror, signal)).report;
  }

  /** Has the next run read complete lists of the cloud, because something may have happened that nobody announced. */
  forgetCloud(): void {
    for (const lists of this.#lists) lists.forget();
  }

  get #lists(): readonly CloudLists[] {
    return this.#clouds.all.map(({ observe }) => observe.lists);
  }

  /** Whether the last full run has seen everything that was announced before it. */
  get hasReadAll(): boolean {
    return this.#hasReadAll;
  }

  /** Has the next run read the whole portal, because others may have written to it. */
  forgetPortal(): void {
    this.#reader.forget();
  }

  /** How long until `audit` is due, ms. */
  get untilAuditMs(): number {
    return this.#mirror ? this.#reader.untilAuditMs : Number.POSITIVE_INFINITY;
  }

  /** Reads a part of the portal. The next full run corrects what others have changed there. @throws what the portal's client throws */
  async audit(signal?: AbortSignal): Promise<void> {
    if (this.#mirror) await this.#reader.audit(this.#mirror, signal);
  }

  /** How long until something is due that a run has postponed, ms. */
  get untilPostponedMs(): number {
    return Math.min(this.#strangers.untilDueMs, this.#addressed.untilDueMs);
  }

  /** How long until one of several clouds that could not be read is to be tried again, ms. */
  get untilTrialMs(): number {
    return this.#clouds.untilTrialMs;
  }

  /** Tries the clouds that are due, beside the runs. @returns whether a full run can read one again */
  async tryUnread(signal?: AbortSignal): Promise<boolean> {
    const back = await this.#clouds.try(signal);
    for (const { name, away } of back)
      this.#options.log.info({ cloud: name, since: away && isoTime(away.since) }, 'cloud answers again');
    return back.length > 0;
  }

  /**
   * Reads the owners again for a project without an owner. If they were read a moment ago, references to that project are
   * postponed instead.
   *
   * @returns all postponed references, once the owners have been read
   */
  async #refreshOwners(
    references: readonly ObjectReference[],
    mirror: PortalMirror,
    signal: AbortSignal | undefined,
  ): Promise<readonly ObjectReference[]> {
    const { ownerOfProject } = indexPortal(mirror.snapshot());
    const strange = references.filter(
      ({ projectId }) => projectId !== undefined && !ownerOfProject.has(projectId),
    );
    const isDue = this.#strangers.untilDueMs === 0;
    if (strange.length === 0 && !isDue) return [];
    const now = this.#options.clock.now();
    const age = ageOf(this.#ownersReadAt, now);
    if (age < ownersAgeMs && !isDue) {
      this.#strangers.add(strange, ownersAgeMs - age);
      return [];
    }
    const { profile } = mirror.snapshot();
    mirror.setOwners(await this.#markLeaving(await listOwners(this.#options.portal, { profile, signal })));
    this.#ownersReadAt = now;
    return this.#strangers.takeAll();
  }

  #begin(scope: RunReport['scope']): Run {
    const runId = randomUUID();
    return {
      runId,
      scope,
      startedAt: this.#options.clock.now(),
      requestsBefore: this.#options.traffic.totals(),
      log: this.#options.log.child({ runId, scope }),
    };
  }

  async #apply(
    run: Run,
    { clouds, seen, portal, plan, ms }: Survey,
    mirror: PortalMirror,
    signal: AbortSignal | undefined,
  ): Promise<{ report: RunReport } & Pick<FullRun, 'done' | 'subjectOf'>> {
    const subjects = new Subjects(plan, portal);
    const subjectOf = (change: Change) => subjects.of(change);
    const record = new ChangeRecord({ subjectOf, log: run.log, said: this.#said, tracing: this.#tracing });
    const progress = new ApplyProgress({
      total: changesOf(plan).length,
      clock: this.#options.clock,
      log: run.log,
      onProgress: this.#options.onProgress,
    });
    const contest = this.#contest;
    contest.begin();
    const onOutcome = (outcome: Outcome) => {
      if (outcome.kind !== 'done') this.#doubt(outcome.change);
      else if (contest.note(outcome.change, outcome.id))
        run.log.warn('portal was restored from a backup: it gives out ids again');
      record.note(outcome);
      progress.advance();
    };
    const elapsed = startStopwatch();
    const tracing = this.#tracing;
    const { clock, portal: session } = this.#options;
    const applied = await applyPlan(
      plan,
      { session, mirror },
      {
        onOutcome,
        isContested: contest.isContested.bind(contest),
        subjectOf,
        tracing,
        clock,
        // A targeted run reads nothing of the portal.
        isRead: (row) => run.scope === 'full' && this.#reader.hasRead(row),
        signal,
      },
    );
    // A targeted run tries only some changes: others may still fail.
    this.#said.endRound(run.scope === 'full' && applied.untried === 0);
    if (applied.untried > 0) {
      const { untried, because } = applied;
      const fields = { untried, why: explain(because), err: because };
      if (because instanceof PortalUpgraded)
        run.log.warn(fields, 'portal was upgraded; remaining changes postponed to the next run');
      else run.log.error(fields, 'portal stopped responding; remaining changes postponed to the next run');
    }
    const report: RunReport = {
      runId: run.runId,
      scope: run.scope,
      startedAt: run.startedAt,
      release: portal.profile.release,
      clouds: this.#clouds.report(clouds, plan),
      ms: { ...ms, apply: elapsed() },
      seen: {
        servers: seen.cloud.servers.size,
        stacks: seen.cloud.trees.length,
        flavors: seen.cloud.flavors.length,
        users: portal.owners.length,
        racks: portal.racks.length,
        devices: portal.devices.length,
        templates: portal.templates.length,
      },
      changes: record.counts,
      made: record.made,
      failures: [...seen.unread.map((unread) => ({ ...unread, doing: 'read' as const })), ...record.failures],
      skipped: record.skipped,
      contested: record.contested,
      untried: applied.untried,
      held: plan.held,
      foreign: plan.foreign,
      warnings: plan.warnings,
      unknownStates: plan.unknownStates,
      unreadable: unreadableObjects(seen),
      unreadableRows: portal.unreadable ?? [],
      unobserved: [...seen.cloud.unobserved].map(([projectId, reason]) => ({ projectId, reason })),
      drift: [],
      requests: this.#options.traffic.since(run.requestsBefore),
    };
    return { report, done: record.done, subjectOf };
  }

  /** Has the rows of a failed change read again: it may have been carried out, or its rows may have changed since. */
  #doubt(change: Change): void {
    for (const turn of turnsOf(change)) this.#reader.doubt(turn);
    const isInNewRack =
      (change.kind === 'create-device' || change.kind === 'replace-device') && change.rack.kind === 'new';
    if (!isInNewRack) return;
    const stack = change.draft.metadata[metadataKeys.stackId];
    for (const { id, metadata } of this.#mirror?.snapshot().racks ?? [])
      if (metadata[metadataKeys.stackId] === stack) this.#reader.doubt(id);
  }
}

/** Whether a portal that has lost its racks has lost all else that we made in it. */
function wasEmptied(known: PortalSnapshot, { devices, templates, unreadable = [] }: PortalSnapshot): boolean {
  return (
    known.templates.some(isOwnTemplate) &&
    !templates.some(isOwnTemplate) &&
    devices.length === 0 &&
    unreadable.length === 0
  );
}
