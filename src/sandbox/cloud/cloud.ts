import type { Clock } from '../../runtime/clock.ts';
import { BlockStorage, type BlockStorageEvent } from './block-storage.ts';
import { type Address, Compute, type ComputeEvent, type Server } from './compute.ts';
import { Identity } from './identity.ts';
import { Ids, randomFor } from './ids.ts';
import { type KeyPairEvent, KeyPairs } from './key-pairs.ts';
import { Networking, type NetworkingEvent } from './network.ts';
import { Orchestration, type OrchestrationEvent } from './orchestration.ts';
import { Rating } from './rating.ts';
import { Timeline } from './timeline.ts';

/** What a real cloud would announce, with the object as it is at that moment. */
export type CloudEvent =
  | BlockStorageEvent
  | ComputeEvent
  | KeyPairEvent
  | NetworkingEvent
  | OrchestrationEvent;

export interface CloudOptions {
  readonly clock: Clock;
  /** The same ids for the same seed. */
  readonly seed: number;
  /** How long things take, as a multiple of what they take on a small real cloud; 0: they happen at once. */
  readonly pace: number;
  readonly tokenLifetimeS: number;
  /** `stack_scheduler_hints` of heat.conf: Nova's servers tell their root stack from microversion 2.100 on. */
  readonly stackSchedulerHints: boolean;
  /** `max_nested_stack_depth` of heat.conf. */
  readonly maxNestedStackDepth: number;
  /** Heat's policy lets administrators use `global_tenant`; the stock policy lets nobody. */
  readonly heatGlobalIndex: boolean;
  /** An administrator's token is one to Heat too (`context_is_admin`): it lists the stacks of all projects. */
  readonly adminContext: boolean;
  /** The storage of the cloud's CloudKitty; undefined: it has none. */
  readonly rating?: 'v2' | 'v1' | undefined;
  /** Nova's newest microversion. */
  readonly microversion: string;
  /** Of another region, which has the same Keystone. Default: its own. */
  readonly identity?: Identity | undefined;
  /** How long Nova and Heat remember what is deleted. Default: an hour, short enough for a story that runs for days. */
  readonly keepDeletedMs?: number | undefined;
}

/** An OpenStack in memory: its state and what can be done to it. HTTP comes in openstack/. */
export class Cloud {
  readonly options: CloudOptions;
  readonly timeline: Timeline;
  readonly identity: Identity;
  readonly compute: Compute;
  readonly keyPairs: KeyPairs;
  readonly blockStorage: BlockStorage;
  readonly networking: Networking;
  readonly orchestration: Orchestration;
  readonly rating: Rating;
  /** For what is drawn as requests come, which must not shift the ids of objects. */
  readonly requestIds: Ids;
  readonly #listeners = new Set<(event: CloudEvent) => void>();
  readonly #watchers = new Set<(server: Server) => void>();

  constructor(options: CloudOptions) {
    this.options = options;
    const { seed, keepDeletedMs = 3_600_000 } = options;
    const timeline = new Timeline(options.clock, options.pace);
    const onEvent = (event: CloudEvent) => {
      for (const listener of this.#listeners) listener(event);
    };
    this.timeline = timeline;
    this.requestIds = new Ids(randomFor(seed, 'requests'));
    this.identity =
      options.identity ??
      new Identity({
        timeline,
        ids: new Ids(randomFor(seed, 'identity')),
        tokenIds: new Ids(randomFor(seed, 'tokens')),
        tokenLifetimeS: options.tokenLifetimeS,
      });
    this.rating = new Rating(timeline, () => this.compute.servers());
    this.compute = new Compute({
      timeline,
      ids: new Ids(randomFor(seed, 'compute')),
      hosts: 8,
      keepDeletedMs,
      onEvent,
      onChange: (server) => {
        if (options.rating && server.deleted) this.rating.keep(server);
        for (const watcher of this.#watchers) watcher(server);
      },
    });
    this.keyPairs = new KeyPairs(onEvent);
    this.networking = new Networking({ timeline, ids: new Ids(randomFor(seed, 'networking')), onEvent });
    this.blockStorage = new BlockStorage({
      timeline,
      ids: new Ids(randomFor(seed, 'block storage')),
      onEvent,
    });
    // Nova detaches the volumes of a server once that is deleted.
    this.onEvent((event) => {
      if (event.type !== 'compute.instance.delete.end' || !('server' in event)) return;
      for (const { id } of event.server.volumes) this.blockStorage.detach(id, event.server.id);
    });
    this.orchestration = new Orchestration({
      timeline,
      ids: new Ids(randomFor(seed, 'orchestration')),
      compute: this.compute,
      networking: this.networking,
      blockStorage: this.blockStorage,
      identity: this.identity,
      // As it is set when a stack is made.
      get schedulerHints() {
        return options.stackSchedulerHints;
      },
      keepDeletedMs,
      onEvent,
    });
  }

  /** Has `listener` hear everything that happens from now on; the returned function ends that. */
  onEvent(listener: (event: CloudEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Has `watcher` see each step of each server from now on, announced or not; the returned function ends that. */
  onServerChange(watcher: (server: Server) => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  /** Gives a server a floating IP, or takes away those it has. */
  setFloatingIp(serverId: string, isGiven: boolean): void {
    const { server, fixed } = this.#addressed(serverId);
    const { projectId } = server;
    const had = server.addresses.filter(({ type }) => type === 'floating');
    const changed = isGiven ? [this.networking.floatingAddress(fixed)] : had;
    const addresses = isGiven
      ? [...server.addresses, ...changed]
      : server.addresses.filter(({ type }) => type !== 'floating');
    this.compute.refreshServerAddresses(serverId, addresses);
    for (const address of changed)
      this.networking.announceFloatingIp({ address, fixed }, { id: serverId, projectId, isGiven });
  }

  /** Has the floating IPs of one server lead to another: Neutron announces where they lead now, and nothing of where they led. */
  moveFloatingIp(fromId: string, toId: string): void {
    const { server: from } = this.#addressed(fromId);
    const { server: to, fixed } = this.#addressed(toId);
    const isFloating = ({ type }: Address) => type === 'floating';
    const moved = from.addresses
      .filter(isFloating)
      .map(({ address }): Address => ({ ...fixed, address, type: 'floating' }));
    this.compute.refreshServerAddresses(
      fromId,
      from.addresses.filter((address) => !isFloating(address)),
    );
    this.compute.refreshServerAddresses(toId, [...to.addresses, ...moved]);
    for (const address of moved)
      this.networking.announceFloatingIp(
        { address, fixed },
        { id: toId, projectId: to.projectId, isGiven: true },
      );
  }

  #addressed(serverId: string): { server: Server; fixed: Address } {
    const server = this.compute.server(serverId);
    const fixed = server?.addresses.find(({ type }) => type === 'fixed');
    if (!server || !fixed) throw new Error(`The sandbox has no server ${serverId} with a fixed address.`);
    return { server, fixed };
  }

  /** Carries out what is due by the clock. Every request does that first. */
  advance(): void {
    this.timeline.catchUp();
  }

  /** Finishes at once what has been begun. */
  settle(): void {
    this.timeline.settle();
  }
}
