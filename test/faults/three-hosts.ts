import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { systemClock } from '../../src/runtime/clock.ts';
import { exchanges } from '../../src/sandbox/notifications.ts';
import { publishNotifications } from '../../src/sandbox/notifications-rabbitmq.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';
import { type Command, startCommand } from '../support/command.ts';
import { outOfStep } from '../support/in-step.ts';
import { until } from '../support/listening-scenario.ts';
import { BrokerCluster } from './broker-cluster.ts';
import { type Host, HostNetwork } from './host-network.ts';
import { PortalWrites } from './portal-writes.ts';

/** By how much each host's clock is wrong, ms. */
const clockOffsetsMs = [0, 7 * 60_000, -11 * 60_000];
const clockOffset = new URL('./clock-offset.ts', import.meta.url);
/** How often the cloud changes: often enough that the writer always has something to write. */
const changeMs = 200;

/** How long a host waits for an answer from the cloud or the portal. */
const timeoutS = 10;

/**
 * When a process logged that it became the writer, and that it ceased to be; by the clock of this process,
 * ms.
 */
interface Turn {
  readonly host: Host;
  readonly from: number;
  to: number;
}

/**
 * Three hosts, on each a node of a RabbitMQ cluster and one process of the service, writer and listener in one; a cloud in which
 * something changes all the time, and a portal that sees where each request comes from.
 */
export class ThreeHosts implements AsyncDisposable {
  readonly network: HostNetwork;
  readonly cluster: BrokerCluster;
  readonly sandbox: Sandbox;
  readonly writes: PortalWrites;
  readonly turns: Turn[] = [];
  /** Part of the names of the processes' queues. */
  readonly deployment = 'three';
  readonly #folder = mkdtempSync(join(tmpdir(), 'three-hosts-'));
  readonly #processes = new Map<Host, Command>();
  readonly #stop = new AbortController();
  readonly #ends: (() => Promise<unknown>)[] = [];
  #isResting = false;

  private constructor(network: HostNetwork, cluster: BrokerCluster, sandbox: Sandbox) {
    this.network = network;
    this.cluster = cluster;
    this.sandbox = sandbox;
    this.writes = new PortalWrites(sandbox.services.concertim.port);
  }

  static async start(): Promise<ThreeHosts> {
    const network = await HostNetwork.start(3);
    try {
      return await ThreeHosts.#on(network);
    } catch (error) {
      await network[Symbol.asyncDispose]();
      throw error;
    }
  }

  static async #on(network: HostNetwork): Promise<ThreeHosts> {
    const cluster = await BrokerCluster.start(network.hosts);
    const sandbox = await startSandbox({
      host: network.address,
      projects: 2,
      stacks: 2,
      servers: 3,
      pace: 0,
    });
    const hosts = new ThreeHosts(network, cluster, sandbox);
    const publisher = await publishNotifications(
      sandbox.cloud,
      `amqp://guest:guest@${hosts.publisher.address}:5672/`,
      { onError: () => {} },
    );
    hosts.#ends.push(async () => publisher[Symbol.asyncDispose]());
    for (const host of network.hosts) {
      hosts.startProcess(host);
      await hosts.process(host).saw('listening to notifications');
    }
    hosts.#ends.push(hosts.#changeTheCloud());
    return hosts;
  }

  /** The host to whose node the cloud publishes. That node must stay whole. */
  get publisher(): Host {
    return this.network.hosts[2] as Host;
  }

  /** The host whose process is the writer. @throws when none or several are */
  get writer(): Host {
    const writing = this.turns.filter(({ to }) => to === Number.POSITIVE_INFINITY).map(({ host }) => host);
    const [writer] = writing;
    if (!writer || writing.length > 1)
      throw new Error(`${writing.map(({ name }) => name).join(' and ') || 'no host'} writes`);
    return writer;
  }

  process(host: Host): Command {
    const process = this.#processes.get(host);
    if (!process) throw new Error(`nothing runs on ${host.name}`);
    return process;
  }

  startProcess(host: Host): void {
    const at = this.network.hosts.indexOf(host);
    let turn: Turn | undefined;
    const ends = () => {
      if (turn) turn.to = Math.min(turn.to, performance.now());
    };
    const process = startCommand(['run', 'updates_bulk', 'updates_mq', '--config', this.#configOf(host)], {
      enter: host.enter,
      env: {
        NODE_OPTIONS: `--import ${clockOffset.href}`,
        CLOCK_OFFSET_MS: String(clockOffsetsMs[at] ?? 0),
      },
      onLine: (line) => {
        if (line.includes('stopped being the writer of the portal')) ends();
        if (!line.includes('became the writer of the portal')) return;
        turn = { host, from: performance.now(), to: Number.POSITIVE_INFINITY };
        this.turns.push(turn);
      },
    });
    this.#processes.set(host, process);
    void process.finished.then(ends);
  }

  /** Resolves when another host than this one has written to the portal. @returns how long after `since` that was, ms */
  async takenOver(since: number, from: Host, withinMs: number): Promise<number> {
    const first = () => this.writes.firstSince(since, from.address);
    await until(
      () => first() !== undefined,
      withinMs,
      () => `another host than ${from.name} to write`,
    );
    return (first()?.at ?? Number.NaN) - since;
  }

  /** Resolves when the portal shows the cloud, which rests meanwhile. */
  async inStep(withinMs = 60_000): Promise<void> {
    await this.#resting(() =>
      until(
        () => outOfStep(this.sandbox).length === 0,
        withinMs,
        () => outOfStep(this.sandbox).slice(0, 5).join('; '),
      ),
    );
  }

  /** Where two processes wrote, or believed that they might, at the same time; empty: nowhere. */
  doubleWriters(): string[] {
    const overlaps = this.turns.flatMap((turn, at) =>
      this.turns
        .slice(at + 1)
        .filter((later) => later.from < turn.to && later.host !== turn.host)
        .map(
          (later) =>
            `${later.host.name} became the writer ${Math.round(turn.to - later.from)} ms before ${turn.host.name} stopped`,
        ),
    );
    const mixed = this.writes.all.flatMap((write, at) => {
      const next = this.writes.all[at + 1];
      if (!next || next.from === write.from) return [];
      const isTurn = this.turns.some(
        ({ host, from }) => host.address === next.from && from > write.at - 50 && from <= next.at + 50,
      );
      return isTurn ? [] : [`${next.from} wrote after ${write.from} without having become the writer`];
    });
    return [...overlaps, ...mixed];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    for (const process of this.#processes.values()) {
      process.kill('SIGKILL');
      await process.finished;
    }
    for (const end of this.#ends) await end();
    this.writes[Symbol.dispose]();
    await this.sandbox.close();
    await this.cluster[Symbol.asyncDispose]();
    await this.network[Symbol.asyncDispose]();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #resting(work: () => Promise<void>): Promise<void> {
    this.#isResting = true;
    try {
      await work();
    } finally {
      this.#isResting = false;
    }
  }

  #changeTheCloud(): () => Promise<void> {
    const change = async () => {
      const { compute } = this.sandbox.cloud;
      for (let turn = 0; !this.#stop.signal.aborted; turn++) {
        await systemClock.sleep(changeMs);
        if (this.#isResting) continue;
        const vmState = turn % 2 === 0 ? 'stopped' : 'active';
        for (const { id } of compute.servers()) compute.setServerState(id, { vmState });
      }
    };
    const changing = change();
    return () => changing;
  }

  #configOf(host: Host): string {
    const dataDir = join(this.#folder, host.address);
    mkdirSync(dataDir, { recursive: true });
    const file = join(dataDir, 'config.yaml');
    const settings = {
      openstack: { ...this.sandbox.config.openstack, timeout: timeoutS },
      concertim: { ...this.sandbox.config.concertim, timeout: timeoutS },
      log_level: 'info',
      data_dir: dataDir,
      updates: { interval: 2, without_election: 'wait' },
      rmq: {
        rmq_address: this.network.hosts.map(({ address }) => address),
        rmq_username: 'guest',
        rmq_password: 'guest',
        deployment: this.deployment,
        exchanges,
      },
      observability: { port: 9_400 },
    };
    writeFileSync(file, stringify(settings));
    return file;
  }
}
