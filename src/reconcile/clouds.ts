import type { PortalSnapshot } from '../concertim/model.ts';
import type { ObjectReference, ProjectId, Reference } from '../openstack/model.ts';
import { viewOf } from '../plan/cloud-view.ts';
import { type Costs, costsOfProject } from '../plan/costs.ts';
import type { CloudObservation } from '../plan/observation.ts';
import { type CloudPart, type CloudsPlan, planClouds } from '../plan/plan-clouds.ts';
import type { PlanSettings } from '../plan/plan-settings.ts';
import { type Homes, settleHomes, type Territory } from '../plan/territory.ts';
import { agreeOnEvidence } from './agree-on-evidence.ts';
import type { ReadCosts } from './cost-source.ts';
import type { Announced } from './evidence.ts';
import { mergeSeen } from './merge-seen.ts';
import { type ListedCloud, observeCloud, observeListed, type SeenCloud } from './observe-cloud.ts';
import { observeReferences } from './observe-references.ts';
import type { ObservedCloud } from './observed-cloud.ts';
import type { RunReport } from './run-report.ts';
import type { Unread } from './unread.ts';

/** What a run read of one cloud. */
interface Read {
  readonly cloud: ObservedCloud;
  readonly seen: SeenCloud;
}

/** What a run saw of all clouds, and what follows from it. */
export interface SeenClouds {
  /** All together, to be counted and explained. */
  readonly seen: SeenCloud;
  readonly read: readonly Read[];
  /** @param orders of the stacks of all clouds */
  readonly plan: (
    portal: PortalSnapshot,
    settings: PlanSettings,
    orders: CloudObservation['orders'],
  ) => CloudsPlan;
  /** Costs of a project; undefined: not known. */
  readonly costsOf: (project: ProjectId) => Costs | undefined;
  /** Names of the clouds that have a project. */
  readonly cloudsOf: (project: ProjectId) => readonly string[];
}

/**
 * All clouds that the portal shows. One alone is read as it always was. Of several, each is listed first, because their lists say whose
 * a row of the portal is; then each is queried for what it may have lost. One that cannot be read stops nothing of the others.
 */
export class Clouds {
  readonly all: readonly ObservedCloud[];
  readonly #first: ObservedCloud;
  /** What `#homes` has answered, for which portal and territories. */
  #settled: { readonly portal: PortalSnapshot; readonly revision: number; readonly homes: Homes } | undefined;

  constructor(all: readonly [ObservedCloud, ...ObservedCloud[]]) {
    this.all = all;
    this.#first = all[0];
  }

  get isAlone(): boolean {
    return this.all.length === 1;
  }

  /** All of all clouds. @throws when none could be read, or the only one could not */
  async observe(
    portal: PortalSnapshot,
    announced: Announced,
    readCosts: (cloud: ObservedCloud) => Promise<ReadCosts>,
    signal?: AbortSignal,
  ): Promise<SeenClouds> {
    if (this.isAlone) {
      const cloud = this.#first;
      const [seen, costs] = await Promise.all([
        observeCloud(cloud.observe, portal, announced, signal),
        readCosts(cloud),
      ]);
      return this.#alone({ cloud, seen: withCosts(seen, costs) });
    }
    const lists = new Map<ObservedCloud, ListedCloud>();
    const lost = new Map<ObservedCloud, unknown>();
    const attempt = this.#attempt(lost, signal);
    await attempt(this.all, async (cloud) => {
      const list = await cloud.list(portal, signal);
      cloud.noteListed(list);
      lists.set(cloud, list);
    });
    const homes = this.#homes(portal);
    const found = new Map<string, SeenCloud>();
    const unrated = new Set<ObservedCloud>();
    await attempt([...lists.keys()], async (cloud) => {
      const list = lists.get(cloud);
      if (!list) return;
      const view = (candidates: boolean) => viewOf(portal, homes, this.#viewed(cloud), { candidates });
      const known = { portal: view(false), candidates: view(true), announced };
      const [seen, ofCloud] = await Promise.all([
        observeListed(cloud.observe, list, known, signal),
        readCosts(cloud),
      ]);
      cloud.noteMore(seen);
      if (ofCloud === 'unrated') unrated.add(cloud);
      found.set(cloud.name, withCosts(seen, ofCloud));
    });
    const [firstError] = lost.values();
    if (found.size === 0) throw firstError;
    for (const cloud of lists.keys()) if (!lost.has(cloud)) cloud.noteWhole();
    const agreed = agreeOnEvidence(found, portal, this.#homes(portal));
    const read = this.all.flatMap((cloud) => {
      const seen = agreed.get(cloud.name);
      return seen ? [{ cloud, seen }] : [];
    });
    return this.#several(read, lost, unrated);
  }

  /** What references name, in the clouds that may have it. @throws when the only cloud could not be read */
  async observeNamed(
    references: readonly ObjectReference[],
    portal: PortalSnapshot,
    announced: Announced,
    signal?: AbortSignal,
  ): Promise<SeenClouds> {
    if (this.isAlone) {
      const cloud = this.#first;
      const known = { portal, flavors: cloud.flavors, announced };
      return this.#alone({ cloud, seen: await observeReferences(cloud.observe, references, known, signal) });
    }
    const homes = this.#homes(portal);
    const found = new Map<ObservedCloud, SeenCloud>();
    const lost = new Map<ObservedCloud, unknown>();
    await this.#attempt(lost, signal)(this.all, async (cloud) => {
      const named = this.#about(cloud, references);
      if (named.length === 0) return;
      const view = viewOf(portal, homes, this.#viewed(cloud));
      const known = { portal: view, flavors: cloud.flavors, announced };
      const seen = await observeReferences(cloud.observe, named, known, signal);
      cloud.noteMore(seen);
      found.set(cloud, seen);
    });
    const read = [...found].map(([cloud, seen]) => ({ cloud, seen }));
    return this.#several(read, lost);
  }

  /** Whether references to networks come with other external networks: any server may then have another public address. */
  async haveOtherExternalNetworks(references: readonly Reference[], signal?: AbortSignal): Promise<boolean> {
    const networks = references.filter((reference) => reference.kind === 'network');
    const changed = await Promise.all(
      this.all
        .filter((cloud) => networks.length > 0 && (this.isAlone || this.#about(cloud, networks).length > 0))
        .map(({ observe: { session, externalNetworks } }) => externalNetworks.haveChanged(session, signal)),
    );
    return changed.includes(true);
  }

  /** What a run did with each of several clouds; of one alone nothing is said apart. */
  report({ read }: SeenClouds, { ofClouds }: CloudsPlan): RunReport['clouds'] {
    if (this.isAlone) return [];
    return this.all.map((cloud) => {
      const { name, away } = cloud;
      const seen = read.find((each) => each.cloud === cloud)?.seen.cloud;
      const planned = ofClouds.get(name);
      return {
        name,
        away,
        seen: seen && {
          servers: seen.servers.size,
          stacks: seen.trees.length,
          flavors: seen.flavors.length,
        },
        held: planned?.held.length ?? 0,
        refused: planned?.warnings.length ?? 0,
        unobserved: seen?.unobserved.size ?? 0,
      };
    });
  }

  /** How long until a cloud that could not be read is to be tried again, ms. */
  get untilTrialMs(): number {
    return Math.min(...this.all.map((cloud) => cloud.untilTrialMs));
  }

  /** Tries those that are due, beside the runs. @returns those that the next run can read again */
  async try(signal?: AbortSignal): Promise<readonly ObservedCloud[]> {
    const due = this.all.filter((cloud) => cloud.untilTrialMs === 0);
    const isBack = await Promise.all(due.map((cloud) => cloud.try(signal)));
    return due.filter((_, at) => isBack[at]);
  }

  /** Those that may be about a cloud that was read: what a cloud has listed is in no other. */
  #about(cloud: ObservedCloud, references: readonly ObjectReference[]): readonly ObjectReference[] {
    const own = references.filter((reference) => {
      const lists = this.all.filter(({ territory }) => territory.ids.has(reference.id));
      return lists.length > 0 ? lists.includes(cloud) : cloud.mayHave(reference);
    });
    if (cloud.territory.isRead) return own;
    if (own.length > 0) cloud.missed();
    return [];
  }

  /** Does one thing with each cloud side by side, and keeps the error of each that fails. */
  #attempt(lost: Map<ObservedCloud, unknown>, signal: AbortSignal | undefined) {
    return async (clouds: readonly ObservedCloud[], work: (cloud: ObservedCloud) => Promise<void>) => {
      await Promise.all(
        clouds.map(async (cloud) => {
          try {
            await work(cloud);
          } catch (error) {
            signal?.throwIfAborted();
            cloud.noteAway(error);
            lost.set(cloud, error);
          }
        }),
      );
    };
  }

  #alone(read: Read): SeenClouds {
    const { cloud, seen } = read;
    cloud.flavors = flavorsIn(seen);
    return {
      seen,
      read: [read],
      plan: (portal, settings, orders) => {
        const made = cloud.plans.plan({ ...seen.cloud, orders }, portal, {
          ...settings,
          clouds: [cloud.name],
        });
        return { ...made, wrongClouds: made.isWrongCloud ? [cloud.name] : [], ofClouds: new Map() };
      },
      costsOf: () => seen.cloud.costs,
      cloudsOf: () => [cloud.name],
    };
  }

  /** @param unrated clouds that have no CloudKitty */
  #several(
    read: readonly Read[],
    lost: ReadonlyMap<ObservedCloud, unknown>,
    unrated: ReadonlySet<ObservedCloud> = new Set(),
  ): SeenClouds {
    for (const { cloud, seen } of read) cloud.flavors = flavorsIn(seen);
    const unread = [...lost].map(([{ name }, error]): Unread => ({ object: 'cloud', id: name, name, error }));
    const merged = mergeSeen(read.map(({ seen }) => seen));
    const seenOf = (cloud: ObservedCloud) => read.find((each) => each.cloud === cloud)?.seen;
    const withProject = (project: ProjectId) => {
      const territories = this.#territories();
      return this.all.filter((_, at) => territories[at]?.projects.has(project));
    };
    return {
      seen: { ...merged, unread: [...unread, ...merged.unread] },
      read,
      plan: (portal, settings, orders) => {
        const territories = this.#territories();
        const parts = this.all.map((cloud, at): CloudPart => {
          const observation = seenOf(cloud)?.cloud;
          return {
            territory: territories[at] as Territory,
            observation: observation && { ...observation, orders },
          };
        });
        return planClouds(parts, portal, settings, this.#homes(portal));
      },
      costsOf: (project) =>
        costsOfProject(
          project,
          withProject(project)
            .filter((cloud) => !unrated.has(cloud))
            .map((cloud) => seenOf(cloud)?.cloud.costs),
        ),
      cloudsOf: (project) => withProject(project).map(({ name }) => name),
    };
  }

  /** Settled once in a run in which neither the portal nor what is known of the clouds turns out to be another. */
  #homes(portal: PortalSnapshot): Homes {
    const revision = this.all.reduce((sum, cloud) => sum + cloud.revision, 0);
    if (this.#settled?.portal !== portal || this.#settled.revision !== revision)
      this.#settled = { portal, revision, homes: settleHomes(portal, this.#territories()) };
    return this.#settled.homes;
  }

  /** Regions share a Keystone: what is known of its projects counts for one that could not be read, too. */
  #territories(): Territory[] {
    return this.all.map(({ territory, session }) => {
      const regions = this.all.filter((other) => other.session.keystone === session.keystone);
      const projects = new Set(regions.flatMap((region) => [...region.territory.projects]));
      return regions.length === 1 ? territory : { ...territory, projects };
    });
  }

  #viewed(cloud: ObservedCloud) {
    const all = this.all.map(({ name }) => name);
    return { name: cloud.name, isFirst: cloud === this.#first, all };
  }
}

function withCosts(seen: SeenCloud, read: ReadCosts): SeenCloud {
  return { ...seen, cloud: { ...seen.cloud, costs: typeof read === 'string' ? undefined : read } };
}

function flavorsIn({ cloud: { flavors, unreadable } }: SeenCloud) {
  return { flavors, unreadable: unreadable.flavors };
}
