import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readdir, readlink } from 'node:fs/promises';
import { promisify } from 'node:util';
import { systemClock } from '../../src/runtime/clock.ts';

const execute = promisify(execFile);

/** A host with an address of its own: its processes see no network interface but the host's. */
export interface Host {
  readonly name: string;
  readonly address: string;
  /** Put before a command, this runs it on the host. */
  readonly enter: readonly string[];
}

/** What the host cannot reach, in both directions: packets are dropped without an error. */
export interface Cut {
  readonly host: Host;
  /** Default: every address. */
  readonly from?: readonly string[];
  /** Only what goes to this port or comes from it. Default: everything. */
  readonly port?: number;
}

/** Why this machine cannot have hosts of their own; undefined when it can. */
export function whyNoHosts(): string | undefined {
  if (process.platform !== 'linux') return 'network namespaces need Linux';
  if (process.getuid?.() !== 0) return 'network namespaces need root';
  const missing = ['ip', 'iptables', 'nsenter', 'unshare'].filter((program) => !isInstalled(program));
  if (missing.length > 0) return `not installed: ${missing.join(', ')}`;
  try {
    const probe =
      'ip link add probe0 type bridge && ip link add probe1 type veth peer name probe2 && iptables -w -A INPUT -j DROP';
    execFileSync('unshare', ['--net', 'sh', '-c', probe], { stdio: 'pipe' });
    return undefined;
  } catch (error) {
    return `no network namespaces: ${error instanceof Error ? error.message.trim() : String(error)}`;
  }
}

/**
 * Hosts on one machine: network namespaces, each with a pair of virtual interfaces to one bridge. This process is on the bridge
 * too. Nothing of it is routed anywhere; the addresses are of the range that is reserved for benchmarks (RFC 2544).
 */
export class HostNetwork implements AsyncDisposable {
  readonly hosts: readonly Host[];
  /** The address at which this process listens for the hosts. */
  readonly address: string;
  readonly #bridge: string;
  /** Each of these processes keeps a namespace until its standard input closes. */
  readonly #holders: readonly ChildProcess[];

  private constructor(parts: {
    readonly bridge: string;
    readonly address: string;
    readonly hosts: readonly Host[];
    readonly holders: readonly ChildProcess[];
  }) {
    this.#bridge = parts.bridge;
    this.address = parts.address;
    this.hosts = parts.hosts;
    this.#holders = parts.holders;
  }

  static async start(count: number): Promise<HostNetwork> {
    const number = process.pid % 250;
    const bridge = `cosbr${number}`;
    const subnet = `198.18.${number}`;
    const address = `${subnet}.254`;
    const hosts: Host[] = [];
    const holders: ChildProcess[] = [];
    await ip('link', 'add', bridge, 'type', 'bridge');
    await ip('address', 'add', `${address}/24`, 'dev', bridge);
    await ip('link', 'set', bridge, 'up');
    for (let at = 1; at <= count; at++) {
      const holder = spawn('unshare', ['--net', 'sh', '-c', 'echo ready; cat'], {
        stdio: ['pipe', 'pipe', 'ignore'],
      });
      await once(holder.stdout, 'data');
      holders.push(holder);
      const outer = `cosve${number}-${at}`;
      const enter = ['nsenter', `--net=/proc/${holder.pid}/ns/net`, '--'];
      const host = { name: `host ${at}`, address: `${subnet}.${at}`, enter };
      const veth = ['link', 'add', outer, 'type', 'veth', 'peer', 'name', 'eth0'];
      await ip(...veth, 'netns', String(holder.pid));
      await ip('link', 'set', outer, 'master', bridge, 'up');
      await on(host, 'ip', 'link', 'set', 'lo', 'up');
      await on(host, 'ip', 'address', 'add', `${host.address}/24`, 'dev', 'eth0');
      await on(host, 'ip', 'link', 'set', 'eth0', 'up');
      hosts.push(host);
    }
    return new HostNetwork({ bridge, address, hosts, holders });
  }

  /** @returns a function that restores the connection */
  async cut({ host, from, port }: Cut): Promise<() => Promise<void>> {
    const rules = ['INPUT', 'OUTPUT'].flatMap((chain) => {
      const side = chain === 'INPUT' ? '-s' : '-d';
      const peers = from?.map((address) => [side, address]) ?? [[]];
      const ports =
        port === undefined ? [[]] : ['--dport', '--sport'].map((which) => ['-p', 'tcp', which, String(port)]);
      return peers.flatMap((peer) => ports.map((each) => [chain, ...peer, ...each, '-j', 'DROP']));
    });
    const change = async (how: '-A' | '-D') => {
      for (const rule of rules) await on(host, 'iptables', '-w', how, ...rule);
    };
    await change('-A');
    return () => change('-D');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const holder of this.#holders) {
      await killAll(`/proc/${holder.pid}/ns/net`);
      if (holder.exitCode === null && holder.signalCode === null) await once(holder, 'exit');
    }
    // The pairs of interfaces end with their namespaces, which the kernel clears away a little later.
    await ip('link', 'delete', this.#bridge);
    await systemClock.sleep(100);
  }
}

async function on({ enter: [program = '', ...args] }: Host, ...command: string[]): Promise<void> {
  await execute(program, [...args, ...command]);
}

/** Kills the processes left in a namespace: a daemon would keep it alive. */
async function killAll(namespace: string): Promise<void> {
  const own = await readlink(namespace);
  for (const pid of await readdir('/proc')) {
    const its = await readlink(`/proc/${pid}/ns/net`).catch(() => undefined);
    if (its === own) process.kill(Number(pid), 'SIGKILL');
  }
}

async function ip(...args: string[]): Promise<void> {
  await execute('ip', args);
}

function isInstalled(program: string): boolean {
  return ['/usr/sbin', '/sbin', '/usr/bin', '/bin'].some((folder) => existsSync(`${folder}/${program}`));
}
