import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { systemClock } from '../../src/runtime/clock.ts';
import { serverScript } from '../support/rabbitmq.ts';
import type { Host } from './host-network.ts';

const execute = promisify(execFile);
const patienceMs = 180_000;

/** A cluster of RabbitMQ nodes, one on each host, in which a minority pauses: as OpenStack's installers set it up. */
export class BrokerCluster implements AsyncDisposable {
  readonly #home = mkdtempSync(join(tmpdir(), 'cluster-'));
  readonly #hosts: readonly Host[];
  readonly #running = new Map<Host, ChildProcess>();

  private constructor(hosts: readonly Host[]) {
    this.#hosts = hosts;
  }

  /**
   * Starts the first node before the others: nodes that start together could each form a cluster of its own.
   */
  static async start(hosts: readonly Host[]): Promise<BrokerCluster> {
    const cluster = new BrokerCluster(hosts);
    for (const host of hosts) cluster.#prepare(host);
    const [first, ...others] = hosts;
    if (first) await cluster.start(first);
    await Promise.all(others.map((host) => cluster.start(host)));
    return cluster;
  }

  /** Resolves when the node takes part. */
  async start(host: Host): Promise<void> {
    const [program = '', ...args] = host.enter;
    const server = spawn(program, [...args, serverScript], {
      env: this.#env(host),
      stdio: 'ignore',
      detached: true,
    });
    this.#running.set(host, server);
    await this.#until(
      () => this.#control(host, 'await_startup', '--timeout', '60'),
      `the node of ${host.name} to start`,
    );
  }

  /** Kills the node alone, like a power failure. */
  async kill(host: Host): Promise<void> {
    const server = this.#running.get(host);
    if (!server?.pid || server.exitCode !== null || server.signalCode !== null) return;
    const gone = once(server, 'exit');
    process.kill(-server.pid, 'SIGKILL');
    await gone;
  }

  /** The host whose node holds the connection of the active consumer, among several consumers of a queue. */
  async hostOfActiveConsumer(queue: string): Promise<Host> {
    // JSON would have internal numbers in place of the nodes' names; the command fixes the order of the
    // columns.
    const columns = ['queue_name', 'channel_pid', 'active'];
    for (const host of this.#hosts) {
      const listed = await this.#control(host, 'list_consumers', '--quiet', ...columns);
      const active = listed
        .split('\n')
        .find((line) => line.startsWith(`${queue}\t`) && line.endsWith('\ttrue'));
      const found = this.#hosts.find((each) => active?.includes(`<${nodeName(each)}.`));
      if (found) return found;
    }
    throw new Error(`nobody consumes ${queue}`);
  }

  /** Disconnects the node from the others; they reconnect with the next message. */
  async disconnect(host: Host): Promise<void> {
    for (const other of this.#hosts) {
      if (other !== host) await this.#control(host, 'eval', `erlang:disconnect_node('${nodeName(other)}').`);
    }
  }

  /** Resolves when every node sees every other one. */
  async whole(): Promise<void> {
    for (const host of this.#hosts) {
      await this.#until(async () => {
        const status = await this.#control(host, 'cluster_status', '--formatter', 'json');
        const { running_nodes: running } = JSON.parse(status) as { running_nodes: string[] };
        if (running.length < this.#hosts.length) throw new Error(`it sees only ${running.join()}`);
      }, `the whole cluster to be seen from ${host.name}`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const host of this.#hosts) {
      await this.kill(host);
      await this.#command(host, 'epmd', '-kill').catch(() => '');
    }
    rmSync(this.#home, { recursive: true, force: true });
  }

  #prepare(host: Host): void {
    const home = this.#homeOf(host);
    mkdirSync(home);
    writeFileSync(join(home, '.erlang.cookie'), 'three-hosts', { mode: 0o400 });
    const members = this.#hosts.map(
      (member, at) => `cluster_formation.classic_config.nodes.${at + 1} = ${nodeName(member)}`,
    );
    writeFileSync(
      join(home, 'rabbitmq.conf'),
      [
        `listeners.tcp.1 = ${host.address}:5672`,
        'loopback_users = none',
        'cluster_partition_handling = pause_minority',
        'cluster_formation.peer_discovery_backend = classic_config',
        ...members,
        'log.file = false',
        'log.console = false',
        'disk_free_limit.absolute = 50MB\n',
      ].join('\n'),
    );
  }

  /** Retries, because `rabbitmqctl` fails until a node answers. */
  async #until(attempt: () => Promise<unknown>, what: string): Promise<void> {
    for (const until = performance.now() + patienceMs; ; await systemClock.sleep(1_000)) {
      try {
        await attempt();
        return;
      } catch (cause) {
        if (performance.now() > until) throw new Error(`waited in vain for ${what}`, { cause });
      }
    }
  }

  #homeOf({ address }: Host): string {
    return join(this.#home, address);
  }

  #env(host: Host): NodeJS.ProcessEnv {
    const home = this.#homeOf(host);
    return {
      ...process.env,
      HOME: home,
      RABBITMQ_USE_LONGNAME: 'true',
      RABBITMQ_NODENAME: nodeName(host),
      RABBITMQ_CONFIG_FILE: join(home, 'rabbitmq.conf'),
      RABBITMQ_MNESIA_BASE: join(home, 'data'),
      RABBITMQ_LOG_BASE: join(home, 'log'),
      RABBITMQ_PID_FILE: join(home, 'pid'),
      RABBITMQ_ENABLED_PLUGINS_FILE: join(home, 'plugins'),
      RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '+S 1:1',
    };
  }

  #control(host: Host, ...args: string[]): Promise<string> {
    return this.#command(host, '/usr/lib/rabbitmq/bin/rabbitmqctl', ...args);
  }

  async #command(host: Host, ...command: string[]): Promise<string> {
    const [program = '', ...args] = host.enter;
    return (await execute(program, [...args, ...command], { env: this.#env(host) })).stdout;
  }
}

function nodeName({ address }: Host): string {
  return `rabbit@${address}`;
}
