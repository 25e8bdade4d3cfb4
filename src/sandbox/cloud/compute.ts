import { faultOfName, type NamedFault } from '../fault-name.ts';
import { build, powerStates, type ServerAction, type ServerVerb, serverActions } from './compute-actions.ts';
import type { Ids } from './ids.ts';
import { Listing } from './listing.ts';
import type { Timeline } from './timeline.ts';

/** Nova's state: flavors, servers, server groups, and what is under way with them. */

export interface Flavor {
  readonly id: string;
  readonly name: string;
  readonly vcpus: number;
  /** MiB */
  readonly ram: number;
  /** GiB */
  readonly disk: number;
  readonly isPublic: boolean;
}

export interface Address {
  readonly network: string;
  readonly address: string;
  readonly version: 4 | 6;
  readonly type: 'fixed' | 'floating';
  readonly mac: string;
}

export interface Volume {
  readonly id: string;
  readonly deleteOnTermination: boolean;
}

export interface ServerFault {
  readonly message: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** Read it freely; only `Compute` changes it. */
export interface Server {
  readonly id: string;
  /** Nova's own number of it, seen in `instance-00000001`. */
  readonly number: number;
  readonly name: string;
  readonly projectId: string;
  readonly userId: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly vmState: string;
  readonly taskState: string | null;
  readonly powerState: number;
  readonly flavor: Flavor;
  /** The flavor that a resize goes to, or after it, comes from. */
  readonly otherFlavor: Flavor | undefined;
  /** '' for a server that boots from a volume. */
  readonly imageId: string;
  readonly keyName: string | null;
  /** Empty until it is active. */
  readonly addresses: readonly Address[];
  readonly volumes: readonly Volume[];
  readonly groupIds: readonly string[];
  readonly schedulerHints: Readonly<Record<string, readonly string[]>>;
  /** null until it is scheduled. */
  readonly host: string | null;
  readonly fault: ServerFault | undefined;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** Of its own row: addresses and attached volumes are in others. */
  readonly updatedAt: number;
  readonly launchedAt: number | undefined;
  readonly terminatedAt: number | undefined;
  readonly deleted: boolean;
  /** What its name asks for: see fault-name.ts. */
  readonly namedFault: NamedFault | undefined;
  /** The JSON last made of it, and for which view; a change drops it. */
  json: { readonly view: string; readonly text: string } | undefined;
}

export interface ServerDraft {
  readonly name: string;
  readonly projectId: string;
  readonly userId: string;
  readonly flavor: Flavor;
  readonly imageId?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly keyName?: string | null;
  readonly addresses?: readonly Address[];
  readonly volumes?: readonly Volume[];
  readonly groupIds?: readonly string[];
  readonly schedulerHints?: Readonly<Record<string, readonly string[]>>;
  /** It never comes up: it ends in ERROR with this message. */
  readonly failure?: string | undefined;
}

export interface ServerGroup {
  readonly id: string;
  readonly name: string;
  readonly policy: string;
  readonly projectId: string;
  readonly userId: string;
  readonly members: Set<string>;
}

/** Hosts of a cell whose database Nova does not reach. */
export interface DownCell {
  readonly hosts: ReadonlySet<string>;
  /** How long Nova waits for the cell before it answers without it, ms. */
  readonly waitMs: number;
}

/** Said for each step that Nova would announce: `type` as in its notifications. */
export interface ComputeEvent {
  readonly type: `compute.instance.${string}`;
  readonly server: Server;
}

/** The server's state does not allow the verb: Nova's 409. */
export class WrongServerState extends Error {
  override readonly name = 'WrongServerState';

  constructor(verb: string, server: Server, attribute: 'vm_state' | 'task_state') {
    const state = attribute === 'vm_state' ? server.vmState : server.taskState;
    super(`Cannot '${verb}' instance ${server.id} while it is in ${attribute} ${state}`);
  }
}

export interface ComputeOptions {
  readonly timeline: Timeline;
  readonly ids: Ids;
  readonly hosts: number;
  /** How long a deleted server can still be listed, ms. */
  readonly keepDeletedMs: number;
  readonly onEvent: (event: ComputeEvent) => void;
  /** Called for each step of a server, also for those that Nova does not announce. */
  readonly onChange: (server: Server) => void;
}

/** Shared by all servers that have none. */
const none: readonly never[] = [];
const nothing: Readonly<Record<string, never>> = {};

export class Compute {
  readonly flavors = new Map<string, Flavor>();
  readonly groups = new Map<string, ServerGroup>();
  readonly #options: ComputeOptions;
  readonly #timeline: Timeline;
  /** All, the deleted ones included. */
  readonly #servers = new Map<string, Server>();
  readonly #all = new Listing<Server>('ascending');
  readonly #live = new Listing<Server>('ascending');
  readonly #liveByProject = new Map<string, Listing<Server>>();
  /** What is under way with which server: the last thing begun, which a deletion or a failure overtakes. */
  readonly #begun = new Map<string, number>();
  #beginnings = 0;
  #made = 0;
  #downCell: DownCell | undefined;

  constructor(options: ComputeOptions) {
    this.#options = options;
    this.#timeline = options.timeline;
  }

  /** undefined: Nova reaches all of its cells. */
  get downCell(): DownCell | undefined {
    return this.#downCell;
  }

  /** Nova does not reach the cell of these hosts from now on; the returned function brings it back. */
  takeCellDown(cell: DownCell): () => void {
    this.#downCell = cell;
    return () => {
      this.#downCell = undefined;
    };
  }

  /** Whether it is in the cell that is down. */
  isUnreachable({ host }: Server): boolean {
    return host !== null && this.#downCell?.hosts.has(host) === true;
  }

  /** All that servers run on. */
  get hosts(): readonly string[] {
    return Array.from({ length: this.#options.hosts }, (_, number) => this.#hostOf(number));
  }

  /** A server, or undefined when there never was such a one or it is deleted. */
  server(id: string): Server | undefined {
    const server = this.#servers.get(id);
    return server?.deleted ? undefined : server;
  }

  /** Also one that is deleted, as long as it is remembered. */
  anyServer(id: string): Server | undefined {
    return this.#servers.get(id);
  }

  get serverCount(): number {
    return this.#live.size;
  }

  /** Newest first, of one project or all; `deleted`: with those that are deleted and still remembered. */
  servers(scope: { projectId?: string | undefined; deleted?: boolean } = {}): Listing<Server> {
    if (scope.deleted) return this.#all;
    if (scope.projectId === undefined) return this.#live;
    return this.#liveByProject.get(scope.projectId) ?? new Listing<Server>('ascending');
  }

  addFlavor(flavor: Omit<Flavor, 'isPublic'> & { isPublic?: boolean }): Flavor {
    const added = { isPublic: true, ...flavor };
    this.flavors.set(added.id, added);
    return added;
  }

  createGroup(draft: Omit<ServerGroup, 'id' | 'members'>): ServerGroup {
    const group = { id: this.#options.ids.uuid(), members: new Set<string>(), ...draft };
    this.groups.set(group.id, group);
    return group;
  }

  /** Has a server built. */
  createServer(draft: ServerDraft): Server {
    const server = this.#add(draft, { createdAt: this.#timeline.now(), isUp: false });
    this.#announce('create.start', server);
    const { failure } = draft;
    if (failure !== undefined) {
      this.#timeline.after(400, () => this.failServer(server.id, failure));
      return server;
    }
    const last = build.steps.length - 1;
    this.#carryOut(server, build, (step) => ({
      host: this.#hostOf(server.number),
      ...(step === last ? { addresses: draft.addresses ?? none, launchedAt: this.#timeline.now() } : {}),
    }));
    return server;
  }

  /** Puts a server there that has been up since `createdAt`: how a population is made. */
  addActiveServer(draft: ServerDraft, createdAt: number): Server {
    return this.#add(draft, { createdAt, isUp: true });
  }

  /**
   * Begins what the verb says; the rest follows by itself.
   *
   * @throws {WrongServerState} when Nova would refuse it
   */
  act(id: string, verb: ServerVerb): void {
    const server = this.#mustHave(id);
    const action: ServerAction = serverActions[verb];
    mustAllow(action, server);
    this.#announce(`${action.event}.start`, server);
    this.#carryOut(server, action, () => ({}));
  }

  /** @throws {WrongServerState} when Nova would refuse it */
  resizeServer(id: string, flavor: Flavor): void {
    const server = this.#mustHave(id);
    mustAllow(serverActions.resize, server);
    this.#change(server, { otherFlavor: flavor });
    this.act(id, 'resize');
  }

  renameServer(id: string, name: string): void {
    this.#change(this.#mustHave(id), { name });
    this.#announce('update', this.#mustHave(id));
  }

  /** It breaks: vm_state error, with a fault that says why. */
  failServer(id: string, message: string): void {
    const server = this.server(id);
    if (!server) return;
    this.#begun.delete(id);
    const fault = { message, at: this.#timeline.now() };
    this.#change(server, { vmState: 'error', taskState: null, fault });
    this.#announce(server.launchedAt === undefined ? 'create.error' : 'update', server);
  }

  /** Sets the state straight, as an administrator's os-resetState does, to any text. */
  setServerState(id: string, state: { vmState: string; taskState?: string | null }): void {
    const server = this.#mustHave(id);
    this.#begun.delete(id);
    this.#change(server, { vmState: state.vmState, taskState: state.taskState ?? null });
    this.#announce('update', server);
  }

  /** Addresses that Neutron has given or taken away by itself: the new ones, whole. Nova announces nothing. */
  refreshServerAddresses(id: string, addresses: readonly Address[]): void {
    this.#changeAround(this.#mustHave(id), { addresses });
  }

  /** An interface is attached or detached: the new addresses, whole. */
  setServerAddresses(id: string, addresses: readonly Address[]): void {
    const server = this.#mustHave(id);
    this.#changeAround(server, { addresses });
    this.#announce('update', server);
  }

  /** A volume is attached or detached: those it then has, whole. */
  setServerVolumes(id: string, volumes: readonly Volume[]): void {
    const server = this.#mustHave(id);
    this.#changeAround(server, { volumes });
    this.#announce('update', server);
  }

  deleteServer(id: string): void {
    if (this.server(id)) this.act(id, 'delete');
  }

  #mustHave(id: string): Server {
    const server = this.server(id);
    if (!server) throw new Error(`The sandbox has no server ${id}.`);
    return server;
  }

  #add(draft: ServerDraft, { createdAt, isUp }: { createdAt: number; isUp: boolean }): Server {
    const number = ++this.#made;
    const launchedAt = isUp ? createdAt + 3_000 : undefined;
    const server: Server = {
      id: this.#options.ids.uuid(),
      number,
      name: draft.name,
      projectId: draft.projectId,
      userId: draft.userId,
      metadata: draft.metadata ?? nothing,
      vmState: isUp ? 'active' : 'building',
      taskState: isUp ? null : 'scheduling',
      powerState: isUp ? powerStates.running : powerStates.none,
      flavor: draft.flavor,
      otherFlavor: undefined,
      imageId: draft.imageId ?? '',
      keyName: draft.keyName ?? null,
      addresses: isUp ? (draft.addresses ?? none) : none,
      volumes: draft.volumes ?? none,
      groupIds: draft.groupIds ?? none,
      schedulerHints: draft.schedulerHints ?? nothing,
      host: isUp ? this.#hostOf(number) : null,
      fault: undefined,
      createdAt,
      updatedAt: launchedAt ?? createdAt,
      launchedAt,
      terminatedAt: undefined,
      deleted: false,
      namedFault: faultOfName(draft.name),
      json: undefined,
    };
    this.#servers.set(server.id, server);
    this.#all.add(server);
    this.#live.add(server);
    let ofProject = this.#liveByProject.get(server.projectId);
    if (!ofProject) this.#liveByProject.set(server.projectId, (ofProject = new Listing('ascending')));
    ofProject.add(server);
    for (const groupId of server.groupIds) this.groups.get(groupId)?.members.add(server.id);
    return server;
  }

  /** Has each step happen at its time, unless something else was begun meanwhile or the server is gone. */
  #carryOut(server: Server, action: ServerAction, more: (step: number) => Partial<Server>): void {
    const begun = ++this.#beginnings;
    this.#begun.set(server.id, begun);
    for (const [index, step] of action.steps.entries()) {
      this.#timeline.after(step.atMs, () => {
        if (server.deleted || this.#begun.get(server.id) !== begun) return;
        this.#change(server, {
          vmState: step.vmState ?? server.vmState,
          taskState: step.taskState ?? null,
          powerState: step.powerState ?? server.powerState,
          ...(step.switchesFlavor ? this.#switchFlavor(server) : {}),
          ...more(index),
        });
        if (index < action.steps.length - 1) return;
        this.#begun.delete(server.id);
        if (server.vmState === 'deleted') this.#remove(server);
        this.#announce(`${action.event}.end`, server);
      });
    }
  }

  #switchFlavor(server: Server): Partial<Server> {
    return { flavor: server.otherFlavor ?? server.flavor, otherFlavor: server.flavor };
  }

  #remove(server: Server): void {
    this.#change(server, { deleted: true, addresses: [], terminatedAt: this.#timeline.now() });
    this.#live.remove(server);
    this.#liveByProject.get(server.projectId)?.remove(server);
    for (const groupId of server.groupIds) this.groups.get(groupId)?.members.delete(server.id);
    this.#timeline.later(this.#options.keepDeletedMs, () => {
      this.#servers.delete(server.id);
      this.#all.remove(server);
    });
  }

  #change(server: Server, patch: Partial<Server>): void {
    this.#changeAround(server, { ...patch, updatedAt: this.#timeline.now() });
  }

  /** Changes what Nova keeps outside of the server's own row: its time of update stays. */
  #changeAround(server: Server, patch: Partial<Server>): void {
    Object.assign(server, patch, { json: undefined });
    if (patch.name !== undefined) Object.assign(server, { namedFault: faultOfName(patch.name) });
    this.#options.onChange(server);
  }

  #announce(event: string, server: Server): void {
    this.#options.onEvent({ type: `compute.instance.${event}`, server });
  }

  #hostOf(number: number): string {
    return `compute-${(number % this.#options.hosts) + 1}`;
  }
}

function mustAllow(action: ServerAction, server: Server): void {
  if (!action.from) return;
  if (!action.from.includes(server.vmState)) throw new WrongServerState(action.name, server, 'vm_state');
  if (server.taskState !== null) throw new WrongServerState(action.name, server, 'task_state');
}
