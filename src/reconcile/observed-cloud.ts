import type { PortalSnapshot } from '../concertim/model.ts';
import { listProjectIds } from '../openstack/identity.ts';
import { collections, type ObjectReference, type ProjectId } from '../openstack/model.ts';
import type { Session } from '../openstack/session.ts';
import { ownersOfProjects } from '../plan/portal-index.ts';
import type { Territory } from '../plan/territory.ts';
import { Absence } from './absence.ts';
import { type ListedCloud, listCloud, type ObserveOptions, type SeenCloud } from './observe-cloud.ts';
import type { KnownFlavors } from './observe-references.ts';
import { PlanMemory } from './plan-memory.ts';

/** What a run needs to read of the portal before it can read a cloud. */
type Place = Pick<PortalSnapshot, 'profile' | 'owners'>;

/** One cloud, with what is remembered of it from run to run. */
export class ObservedCloud {
  readonly name: string;
  readonly observe: ObserveOptions;
  readonly plans = new PlanMemory();
  flavors: KnownFlavors = { flavors: [], unreadable: new Map() };
  /** Whether the last full run found that this is not the cloud that the portal shows. */
  isWrong = false;
  /** Whether the last full run took the lists of a trial, which may lack what was announced since. */
  isFromTrial = false;
  /** Grows whenever its territory becomes another. */
  revision = 0;
  #ids = new Set<string>();
  #projects = new Set<ProjectId>();
  #isRead = false;
  /** undefined: the last run that read it read it whole. */
  #absence: Absence | undefined;
  /** Of the last run that wanted to list it. */
  #place: Place | undefined;

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

  /** Since when it cannot be read, ms since 1970, and why; undefined: the last run that needed it has read it. */
  get away(): { readonly since: number; readonly error: unknown } | undefined {
    return this.#absence && { since: this.#absence.since, error: this.#absence.error };
  }

  /** Whether the last full run has seen everything that was announced before it. */
  get hasReadAll(): boolean {
    return !this.isFromTrial && this.observe.lists.hasReadAll;
  }

  /**
   * The lists of one cloud of several. The first run that cannot read it waits for its time-outs; those after it do not, until a trial
   * was successful. The next run takes the lists that the trial has read.
   *
   * @throws the error of the last attempt
   */
  async list(portal: Place, signal?: AbortSignal): Promise<ListedCloud> {
    this.#place = portal;
    this.isFromTrial = false;
    const absence = this.#absence;
    if (!absence) return this.#list(portal, signal);
    if (!absence.isOver) throw absence.error;
    const lists = absence.take();
    // The release says which kinds are listed.
    if (!lists || lists.profile !== portal.profile) return this.#list(portal, signal);
    this.isFromTrial = true;
    return lists;
  }

  /** How long until it is to be tried again, ms. */
  get untilTrialMs(): number {
    return this.#absence?.untilTrialMs ?? Number.POSITIVE_INFINITY;
  }

  /** Tries to list it, beside the runs. @returns whether the next run can read it */
  async try(signal?: AbortSignal): Promise<boolean> {
    const place = this.#place;
    if (!place || !this.#absence) return false;
    return this.#absence.try(() => this.#list(place, signal), signal);
  }

  /** Something was announced or requested while it was not read. */
  missed(): void {
    this.#absence?.outdate();
  }

  /** A run has listed it whole. */
  noteListed({ servers, volumes, networks, stacks }: ListedCloud): void {
    this.revision++;
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
    const before = this.#ids.size;
    for (const id of cloud.projectOfStack.keys()) this.#ids.add(id);
    for (const collection of Object.values(collections))
      for (const id of cloud[collection]?.keys() ?? []) this.#ids.add(id);
    if (this.#ids.size > before) this.revision++;
  }

  /** A full run has read it whole. */
  noteWhole(): void {
    this.#absence = undefined;
  }

  /** A run could not read it. */
  noteAway(error: unknown): void {
    if (this.#isRead) this.revision++;
    this.#isRead = false;
    // What is announced meanwhile is not read.
    this.observe.lists.forget();
    if (this.#absence?.error === error) return;
    this.#absence ??= new Absence(this.observe);
    this.#absence.failed(error);
  }

  /** Whether a reference may be about it: notifications and requests do not name the cloud. */
  mayHave({ id, projectId }: ObjectReference): boolean {
    return this.#ids.has(id) || projectId === undefined || this.#projects.has(projectId);
  }

  async #list({ profile, owners }: Place, signal: AbortSignal | undefined): Promise<ListedCloud> {
    this.#projects = await listProjectIds(this.session, signal);
    this.revision++;
    const projects = [...ownersOfProjects(owners).keys()].filter((id) => this.#projects.has(id));
    return listCloud(this.observe, { profile, projects }, signal);
  }
}
