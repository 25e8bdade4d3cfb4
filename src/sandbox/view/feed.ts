import type { FastifyReply } from 'fastify';
import type { Clock } from '../../runtime/clock.ts';
import { EventStreams } from '../../web/event-streams.ts';
import type { Cloud } from '../cloud/cloud.ts';
import type { Server } from '../cloud/compute.ts';
import { rootOf, type Stack } from '../cloud/stack.ts';
import type { MetricDaemon } from '../portal/metric-daemon.ts';
import type { Portal, PortalTable } from '../portal/portal.ts';
import type { SandboxCloud } from '../sandbox-cloud.ts';
import { LagWatch } from './lag-watch.ts';
import { deviceView, figuresOf, rackView, serverView, stackView, userView } from './views.ts';
import type { ChangeView, CloudView, HappeningView, LagView, StateView } from './wire.ts';

export interface FeedOptions {
  readonly clouds: readonly Pick<SandboxCloud, 'name' | 'cloud'>[];
  readonly portal: Portal;
  readonly metricDaemon: MetricDaemon;
  readonly clock: Clock;
}

/** Between two looks at what has changed, ms: an eye takes it for at once. */
const lookMs = 40;
/** Between two signs of life, ms. */
const beatMs = 5_000;

/** So many things that happened are kept for a page that is opened later. */
const mostHappened = 60;
/** How many happenings of one look are shown: more would push out all others. */
const mostShown = 5;

/** Ids whose last view sent is out of date. */
interface Marks {
  readonly users: Set<number>;
  readonly racks: Set<number>;
  readonly devices: Set<number>;
  readonly figures: Set<number>;
  readonly stacks: Set<string>;
  readonly servers: Set<string>;
}

/**
 * Clouds and portal as they are and as they change, for those who look. While nobody looks it costs nothing; while somebody
 * does, it also sees to it that what has been begun in the clouds goes on.
 */
export class Feed {
  readonly #options: FeedOptions;
  readonly #streams: EventStreams;
  readonly #lags: LagWatch;
  #stop: AbortController | undefined;
  #marks = noMarks();
  #measured: LagView[] = [];
  readonly #happened: HappeningView[] = [];
  /** The root of the tree of each server that is in one. */
  readonly #rootOfServer = new Map<string, string>();
  /** How many figures the page has for each device: they may expire. */
  readonly #figureCounts = new Map<number, number>();
  readonly #serverOfDevice = new Map<number, string>();

  constructor(options: FeedOptions) {
    this.#options = options;
    this.#lags = new LagWatch(options.clock);
    this.#streams = new EventStreams(() => this.#stop?.abort());
  }

  /** Answers a request with all there is, and then with what changes. */
  open(reply: FastifyReply): FastifyReply {
    this.#begin();
    return this.#streams.open(reply, { name: 'state', data: this.#state() });
  }

  /** Something happened in the cloud by itself. */
  tell(told: string): void {
    this.#happen(told, null);
  }

  close(): void {
    this.#streams.end();
  }

  #begin(): void {
    if (this.#stop) return;
    const { clouds, portal, metricDaemon } = this.#options;
    const stop = new AbortController();
    this.#stop = stop;
    this.#marks = noMarks();
    for (const { cloud } of clouds) this.#lags.begin(cloud.compute.servers());
    const ends = [
      portal.onChange((table, id) => this.#portalChanged(table, id)),
      ...clouds.flatMap(({ cloud }) => [
        cloud.onServerChange((server) => this.#serverChanged(server)),
        cloud.onEvent((event) => {
          if ('server' in event) this.#serverChanged(event.server);
          else if ('stack' in event) this.#stackChanged(event.stack);
        }),
      ]),
    ];
    metricDaemon.onTaken = (deviceId) => this.#marks.figures.add(Number(deviceId));
    for (const device of portal.devices.all()) this.#noteServer(device.id);
    const end = () => {
      for (const each of ends) each();
      metricDaemon.onTaken = undefined;
      this.#lags.end();
      this.#serverOfDevice.clear();
      this.#stop = undefined;
    };
    this.#look(stop.signal).then(end, end);
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { clock, clouds } = this.#options;
    let beatAt = clock.now();
    for (;;) {
      await clock.sleep(lookMs, signal);
      for (const { cloud } of clouds) cloud.advance();
      if (clock.now() - beatAt >= beatMs) {
        beatAt = clock.now();
        this.#markExpired();
        this.#streams.send('beat', {});
      }
      this.#flush();
    }
  }

  #happen(told: string, lagMs: number | null): void {
    const happening: HappeningView = { at: this.#options.clock.now(), told, lagMs };
    this.#happened.push(happening);
    if (this.#happened.length > mostHappened) this.#happened.shift();
    this.#streams.send('happening', happening);
  }

  #portalChanged(table: PortalTable, id: number): void {
    this.#marks[table].add(id);
    if (table !== 'devices') return;
    const serverId = this.#noteServer(id);
    const lag = serverId === undefined ? undefined : this.#lags.deviceChanged(serverId);
    if (lag) this.#measured.push(lag);
  }

  #markExpired(): void {
    for (const [id, count] of this.#figureCounts) {
      if (this.#options.metricDaemon.shown(id).size !== count) this.#marks.figures.add(id);
    }
  }

  /** Remembers a device's server, which is looked up after the device has left the table. */
  #noteServer(deviceId: number): string | undefined {
    const device = this.#options.portal.devices.get(deviceId);
    const serverId = device?.metadata['openstack_instance_id'];
    if (device?.kind === 'Instance' && typeof serverId === 'string')
      this.#serverOfDevice.set(deviceId, serverId);
    return this.#serverOfDevice.get(deviceId);
  }

  #serverChanged(server: Server): void {
    this.#marks.servers.add(server.id);
    this.#lags.serverChanged(server);
  }

  #stackChanged(stack: Stack): void {
    this.#marks.stacks.add(rootOf(stack).id);
  }

  #state(): StateView {
    const { clouds, portal, metricDaemon } = this.#options;
    const cloudViews = clouds.map(
      ({ name, cloud }): CloudView => ({
        name,
        flavors: [...cloud.compute.flavors.values()].map(({ id, name }) => ({ id, name })),
      }),
    );
    const all: Marks = {
      users: new Set(portal.users.all().map(({ id }) => id)),
      racks: new Set(portal.racks.all().map(({ id }) => id)),
      devices: new Set(portal.devices.all().map(({ id }) => id)),
      figures: new Set(portal.devices.all().flatMap(({ id }) => (metricDaemon.shown(id).size > 0 ? id : []))),
      stacks: new Set(
        clouds
          .flatMap(({ cloud }) => [...cloud.orchestration.stacks()])
          .flatMap(({ id, parent }) => (parent ? [] : id)),
      ),
      servers: new Set(clouds.flatMap(({ cloud }) => [...cloud.compute.servers()]).map(({ id }) => id)),
    };
    const statusPage = portal.companionUrl === undefined ? null : `${portal.companionUrl}/ui/`;
    return { ...this.#views(all, []), clouds: cloudViews, statusPage, happened: this.#happened };
  }

  #flush(): void {
    const marks = this.#marks;
    if (Object.values(marks).every((ids) => ids.size === 0)) return;
    this.#marks = noMarks();
    const lags = this.#measured;
    this.#measured = [];
    this.#streams.send('change', this.#views(marks, lags));
    for (const { name, ms } of lags.slice(-mostShown)) this.#happen(`${name} shown in the portal`, ms);
  }

  #views(marks: Marks, lags: readonly LagView[]): ChangeView {
    const { clouds, portal, metricDaemon } = this.#options;
    const users = split(marks.users, (id) => map(portal.users.get(id), (row) => userView(row, clouds)));
    const racks = split(marks.racks, (id) => map(portal.racks.get(id), rackView));
    const devices = split(marks.devices, (id) =>
      map(portal.devices.get(id), (row) => deviceView(row, portal)),
    );
    const stacks = split(marks.stacks, (id) => {
      for (const { name, cloud } of clouds) {
        const stack = cloud.orchestration.stack(id);
        if (stack) return stack.deletedAt === undefined ? stackView(stack, name) : undefined;
      }
      return undefined;
    });
    for (const { cloud } of clouds) this.#noteRoots(cloud, marks.servers);
    const servers = split(marks.servers, (id) => {
      for (const { name, cloud } of clouds) {
        const server = cloud.compute.server(id);
        if (server) return serverView(server, name, this.#rootOfServer.get(id) ?? null);
      }
      this.#rootOfServer.delete(id);
      return undefined;
    });
    for (const id of devices.gone) {
      this.#figureCounts.delete(id);
      this.#serverOfDevice.delete(id);
    }
    const figures = [...marks.figures].map((id) => [id, figuresOf(id, metricDaemon)] as const);
    for (const [id, values] of figures) {
      const count = Object.keys(values).length;
      if (count > 0) this.#figureCounts.set(id, count);
      else this.#figureCounts.delete(id);
    }
    return {
      users: users.there,
      racks: racks.there,
      devices: devices.there,
      figures,
      stacks: stacks.there,
      servers: servers.there,
      gone: {
        users: users.gone,
        racks: racks.gone,
        devices: devices.gone,
        stacks: stacks.gone,
        servers: servers.gone,
      },
      lags,
    };
  }

  /** A server does not know its stack: the trees of its project are looked through, once for each new one. */
  #noteRoots({ compute, orchestration }: Cloud, ids: ReadonlySet<string>): void {
    const projects = new Set<string>();
    for (const id of ids) {
      const server = this.#rootOfServer.has(id) ? undefined : compute.server(id);
      if (server) projects.add(server.projectId);
    }
    for (const projectId of projects) {
      for (const stack of orchestration.stacks(projectId)) {
        if (stack.parent) continue;
        for (const { id } of orchestration.serversOf(stack)) this.#rootOfServer.set(id, stack.id);
      }
    }
  }
}

function noMarks(): Marks {
  return {
    users: new Set(),
    racks: new Set(),
    devices: new Set(),
    figures: new Set(),
    stacks: new Set(),
    servers: new Set(),
  };
}

function map<From, To>(value: From | undefined, to: (value: From) => To): To | undefined {
  return value === undefined ? undefined : to(value);
}

/** The views of the ids that exist, and the ids that do not. */
function split<Id, View>(ids: ReadonlySet<Id>, viewOf: (id: Id) => View | undefined) {
  const there: View[] = [];
  const gone: Id[] = [];
  for (const id of ids) {
    const view = viewOf(id);
    if (view === undefined) gone.push(id);
    else there.push(view);
  }
  return { there, gone };
}
