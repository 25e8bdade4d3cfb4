import type { Announcer, ProjectId, ServerId } from '../openstack/model.ts';
import type { Session } from '../openstack/session.ts';
import type { StackList } from '../openstack/stack-list.ts';
import { KnownServers, type SeenServers } from './known-servers.ts';
import { KnownStacks } from './known-stacks.ts';

/** One full run of so many reads complete lists; the others read what has changed since. */
const everyNth = 4;

/**
 * The services that announce what no list of changed servers shows: Nova attached volumes, Neutron floating IPs. Neither
 * announces anything unless it is configured to.
 */
const needed: readonly Announcer[] = ['compute', 'network'];

/**
 * The long lists of the cloud, read by what changed where that shows the same as the complete list:
 *
 * ```
 *              complete                                       by what changed
 *  stacks      the first time, every 4th run, after a gap,    else
 *              and where their number shows a deletion
 *  servers     as stacks, and while nobody listens, or        else; what only notifications show
 *              Nova or Neutron was never heard                a targeted run has read
 * ```
 *
 * @see docs/decisions/0026-servers-are-listed-by-what-changed.md
 */
export class CloudLists {
  readonly servers: KnownServers;
  readonly stacks = new KnownStacks();
  readonly #heard = new Set<Announcer>();
  #isListening = false;
  #runs = 0;
  #hasReadAll = false;

  /** @param onChanged see `KnownServers` */
  constructor(onChanged?: (server: ServerId) => void) {
    this.servers = new KnownServers(onChanged);
  }

  /** Whether, from now on, every change of the cloud is announced. */
  setListening(isListening: boolean): void {
    this.#isListening = isListening;
    this.forget();
  }

  /** A service has announced something. What it would have announced before the first time is not known. */
  hear(service: Announcer): void {
    if (this.#heard.has(service)) return;
    this.#heard.add(service);
    if (needed.includes(service)) this.servers.forget();
  }

  /** Has the next run read complete lists: something may have happened that nobody heard. */
  forget(): void {
    this.servers.forget();
    this.stacks.forget();
  }

  /** Whether the last reading was that of the complete list of servers, which has all that was announced before. */
  get hasReadAll(): boolean {
    return this.#hasReadAll;
  }

  /** @throws what the lists throw; then the next run reads them in the same way */
  async read(
    session: Session,
    { projects }: { readonly projects: readonly ProjectId[] },
    signal?: AbortSignal,
  ): Promise<SeenServers & { readonly stacks: StackList }> {
    this.#hasReadAll = false;
    const isComplete = this.#runs % everyNth === 0;
    const [servers, stacks] = await Promise.all([
      this.servers.read(session, isComplete || !this.#hearsAll, signal),
      this.stacks.read(session, { projects, isComplete }, signal),
    ]);
    this.#runs++;
    this.#hasReadAll = servers.isComplete;
    return { ...servers, stacks };
  }

  get #hearsAll(): boolean {
    return this.#isListening && needed.every((service) => this.#heard.has(service));
  }
}
