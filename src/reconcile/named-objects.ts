import type { CloudObject, Kind, ObjectId, ProjectId, Unreadable } from '../openstack/model.ts';
import type { Session } from '../openstack/session.ts';
import { listOfProject, showObject, unreadService } from './kind-source.ts';
import { settled } from './settled.ts';
import type { Unread } from './unread.ts';

/** undefined: there is no such object. */
export type Answer = CloudObject | Unreadable<ObjectId> | undefined;

/** What the cloud answers about the named objects of one kind. */
export class NamedObjects {
  readonly kind: Kind;
  /** By id. Objects whose query failed are not among them. */
  readonly answers = new Map<ObjectId, Answer>();
  readonly unread: Unread[] = [];
  readonly #session: Session;
  readonly #signal: AbortSignal | undefined;
  #isMissing = false;

  constructor(kind: Kind, session: Session, signal: AbortSignal | undefined) {
    this.kind = kind;
    this.#session = session;
    this.#signal = signal;
  }

  /** Whether the cloud has no such service, or it fails: then the kind is not observed. */
  get isMissing(): boolean {
    return this.#isMissing;
  }

  /** Queries each that has not been queried yet. */
  async ask(ids: Iterable<ObjectId>): Promise<void> {
    if (this.#isMissing) return;
    const unread = new Set(this.unread.map(({ id }) => id));
    const unasked = [...new Set(ids)].filter((id) => !this.answers.has(id) && !unread.has(id));
    await this.#unlessItFails(async () => {
      const show = async (id: ObjectId) => showObject(this.kind, this.#session, id, this.#signal);
      const found = await settled(unasked, show, this.#signal);
      for (const [id, answer] of found.answers) this.answers.set(id, answer);
      for (const [id, error] of found.errors) this.unread.push({ object: this.kind, id, name: id, error });
    });
  }

  /** Reads the wanted objects from the lists of their projects. Those that no list contains have to be queried by id. */
  async list(projects: Iterable<ProjectId>, wanted: ReadonlySet<ObjectId>): Promise<void> {
    if (this.#isMissing) return;
    await this.#unlessItFails(async () => {
      const list = async (project: ProjectId) =>
        listOfProject(this.kind, this.#session, project, this.#signal);
      const lists = await Promise.all([...projects].map(list));
      for (const object of lists.flat()) if (wanted.has(object.id)) this.answers.set(object.id, object);
    });
  }

  /** Without Nova the run fails. Without Cinder or Neutron, their objects are left as they are. */
  async #unlessItFails(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#signal?.throwIfAborted();
      if (this.kind === 'server') throw error;
      this.#isMissing = true;
      this.unread.push(...unreadService(this.kind, error));
    }
  }
}
