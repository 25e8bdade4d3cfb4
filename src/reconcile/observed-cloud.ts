import type { PortalSnapshot } from '../concertim/model.ts';
import { listProjectIds } from '../openstack/identity.ts';
import { collections, type ObjectReference, type ProjectId } from '../openstack/model.ts';
import type { Session } from '../openstack/session.ts';
import { ownersOfProjects } from '../plan/portal-index.ts';
import type { Territory } from '../plan/territory.ts';
import { type ListedCloud, listCloud, type ObserveOptions, type SeenCloud } from './observe-cloud.ts';
import type { KnownFlavors } from './observe-references.ts';

/** What a run needs to read of the portal before it can read a cloud. */
type Place = Pick<PortalSnapshot, 'profile' | 'owners'>;

/** Why a cloud could not be read, and whether a trial to read it again is under way. */
interface Away {
  error: unknown;
  trial: 'none' | 'running' | 'successful';
}

/** One cloud, with what is remembered of it from run to run. */
export class ObservedCloud {
  readonly name: string;
  readonly observe: ObserveOptions;
  flavors: KnownFlavors = { flavors: [], unreadable: new Map() };
  /** Whether the last full run found that this is not the cloud that the portal shows. */
  isWrong = false;
  #ids = new Set<string>();
  #projects = new Set<ProjectId>();
  #isRead = false;
  /** undefined: the last run has read it. */
  #away: Away | undefined;

  constructor(name: string, observe: ObserveOptions) {
    this.name = name;
    this.observe = observe;
  }

  get session(): Session {
    return this.observe.session;
  }

  get territory(): Territory {
    return { name: this.name, isRead: this.#isRead, ids: this.#ids, projects: this.#projects };
  }

  /**
   * The lists of one cloud of several. The first run that cannot read it waits for its time-outs; while it is unavailable, the runs for
   * the others do not wait: each begins a trial beside itself, and reads the cloud again once a trial was successful.
   *
   * @throws the error of the last attempt
   */
  async list(portal: Place, signal?: AbortSignal): Promise<ListedCloud> {
    const away = this.#away;
    if (away && away.trial !== 'successful') {
      if (away.trial === 'none') void this.#try(away, portal, signal);
      throw away.error;
    }
    return this.#list(portal, signal);
  }

  /** A run has listed it whole. */
  noteListed({ servers, volumes, networks, stacks }: ListedCloud): void {
    this.#away = undefined;
    this.#isRead = true;
    this.#ids = new Set<string>([
      ...servers.keys(),
      ...(volumes.objects?.keys() ?? []),
      ...(networks.objects?.keys() ?? []),
      ...stacks.unreadable.map(({ id }) => id),
    ]);
    for (const { id, projectId } of stacks.stacks) {
      this.#ids.add(id);
      this.#projects.add(projectId);
    }
  }

  /** A run has found these, listed or not. */
  noteMore({ cloud }: SeenCloud): void {
    for (const id of cloud.projectOfStack.keys()) this.#ids.add(id);
    for (const collection of Object.values(collections))
      for (const id of cloud[collection]?.keys() ?? []) this.#ids.add(id);
  }

  /** A run could not read it. */
  noteAway(error: unknown): void {
    this.#isRead = false;
    // What is announced meanwhile is not read.
    this.observe.lists.forget();
    if (!this.#away || this.#away.trial === 'successful') this.#away = { error, trial: 'none' };
  }

  /** Whether a reference may be about it: notifications and requests do not name the cloud. */
  mayHave({ id, projectId }: ObjectReference): boolean {
    return this.#ids.has(id) || projectId === undefined || this.#projects.has(projectId);
  }

  async #list({ profile, owners }: Place, signal: AbortSignal | undefined): Promise<ListedCloud> {
    this.#projects = await listProjectIds(this.session, signal);
    const projects = [...ownersOfProjects(owners).keys()].filter((id) => this.#projects.has(id));
    return listCloud(this.observe, { profile, projects }, signal);
  }

  async #try(away: Away, portal: Place, signal: AbortSignal | undefined): Promise<void> {
    away.trial = 'running';
    try {
      await this.#list(portal, signal);
      away.trial = 'successful';
    } catch (error) {
      away.error = error;
      away.trial = 'none';
    }
  }
}
