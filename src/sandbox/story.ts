import type { Random } from '../runtime/random.ts';
import type { Volume } from './cloud/block-storage.ts';
import type { Cloud } from './cloud/cloud.ts';
import type { Server } from './cloud/compute.ts';
import type { ServerVerb } from './cloud/compute-actions.ts';
import type { Stack } from './cloud/stack.ts';
import { nodeGroup } from './cluster.ts';
import type { Population } from './population.ts';

/** Something that may happen next: what it is about, or undefined when nothing is in the state for it. */
type Chapter = () => string | undefined;

/**
 * What goes on in a cloud: clusters come, grow, shrink, sleep and go; servers stop, start, fail, recover, are resized,
 * renamed and re-addressed; volumes break and are mended, networks are shut and opened. One thing a step, drawn from the seed, so that the same seed tells the same story.
 */
export class Story {
  readonly #cloud: Cloud;
  readonly #population: Population;
  readonly #random: Random;
  readonly #serversPerStack: number;
  /** As many as there were in the beginning: the cloud neither empties nor overflows. */
  readonly #stacks: number;
  readonly #chapters: readonly (readonly [weight: number, chapter: Chapter])[];
  #renamed = 0;

  constructor(population: Population, options: { random: Random; stacks: number; servers: number }) {
    this.#cloud = population.cloud;
    this.#population = population;
    this.#random = options.random;
    this.#stacks = options.stacks;
    this.#serversPerStack = options.servers;
    this.#chapters = [
      [3, () => this.#createStack()],
      [4, () => this.#resizeGroup()],
      [2, () => this.#deleteStack()],
      [1, () => this.#suspendStack()],
      [2, () => this.#resumeStack()],
      [4, () => this.#onServer('active', 'stop')],
      [3, () => this.#onServer('stopped', 'start')],
      [2, () => this.#onServer('active', 'hardReboot')],
      [1, () => this.#onServer('active', 'pause')],
      [2, () => this.#onServer('paused', 'unpause')],
      [2, () => this.#resizeServer()],
      [3, () => this.#onServer('resized', 'confirmResize')],
      [1, () => this.#failServer()],
      [2, () => this.#onServer('error', 'hardReboot')],
      [1, () => this.#renameServer()],
      [1, () => this.#changeAddress()],
      [1, () => this.#breakVolume()],
      [2, () => this.#mendVolume()],
      [1, () => this.#switchNetwork()],
    ];
  }

  /** Makes the next thing happen; returns a description in a few words. */
  step(): string {
    const total = this.#chapters.reduce((sum, [weight]) => sum + weight, 0);
    for (let tries = 0; tries < 20; tries++) {
      let at = this.#random.next() * total;
      const chapter = this.#chapters.find(([weight]) => (at -= weight) < 0);
      const told = chapter?.[1]();
      if (told !== undefined) return told;
    }
    return 'nothing';
  }

  #createStack(): string | undefined {
    if (this.#roots().length > this.#stacks) return undefined;
    const account = this.#pick(this.#population.accounts);
    if (!account) return undefined;
    const servers = 1 + Math.floor(this.#random.next() * 2 * this.#serversPerStack);
    return `create ${this.#population.addCluster(account, { servers }).name}`;
  }

  #resizeGroup(): string | undefined {
    const stack = this.#pick(this.#roots().filter(isAwake));
    const group = stack?.resources.find(({ name }) => name === nodeGroup);
    if (!stack || !group?.nested) return undefined;
    const before = group.nested.resources.length;
    const count = Math.max(0, before + (this.#random.next() < 0.6 ? 1 : -1));
    if (count === before) return undefined;
    this.#cloud.orchestration.resizeGroup(stack.id, nodeGroup, count);
    return `${count > before ? 'grow' : 'shrink'} ${stack.name} to ${count} nodes`;
  }

  #deleteStack(): string | undefined {
    const roots = this.#roots();
    const stack = roots.length < this.#stacks ? undefined : this.#pick(roots.filter(isAtRest));
    if (!stack) return undefined;
    this.#cloud.orchestration.deleteStack(stack.id);
    return `delete ${stack.name}`;
  }

  #suspendStack(): string | undefined {
    const stack = this.#pick(this.#roots().filter((stack) => isAwake(stack) && stack.result === 'COMPLETE'));
    if (!stack) return undefined;
    this.#cloud.orchestration.suspendStack(stack.id);
    return `suspend ${stack.name}`;
  }

  #resumeStack(): string | undefined {
    const stack = this.#pick(this.#roots().filter((stack) => isAtRest(stack) && stack.action === 'SUSPEND'));
    if (!stack) return undefined;
    this.#cloud.orchestration.resumeStack(stack.id);
    return `resume ${stack.name}`;
  }

  #onServer(vmState: string, verb: ServerVerb): string | undefined {
    const server = this.#server((server) => server.vmState === vmState);
    if (!server) return undefined;
    this.#cloud.compute.act(server.id, verb);
    return `${verb} ${server.name}`;
  }

  #resizeServer(): string | undefined {
    const server = this.#server(({ vmState }) => vmState === 'active');
    const flavors = [...this.#cloud.compute.flavors.values()].filter((flavor) => flavor !== server?.flavor);
    const flavor = this.#pick(flavors);
    if (!server || !flavor) return undefined;
    this.#cloud.compute.resizeServer(server.id, flavor);
    return `resize ${server.name} to ${flavor.name}`;
  }

  #failServer(): string | undefined {
    const server = this.#server(({ vmState }) => vmState === 'active');
    if (!server) return undefined;
    this.#cloud.compute.failServer(server.id, 'The hypervisor does not answer.');
    return `fail ${server.name}`;
  }

  #renameServer(): string | undefined {
    const server = this.#server(() => true);
    if (!server) return undefined;
    const before = server.name;
    const name = before.replace(/^([a-z]+\d*)(-r\d+)?/, `$1-r${++this.#renamed}`);
    this.#cloud.compute.renameServer(server.id, name);
    return `rename ${before} to ${name}`;
  }

  #changeAddress(): string | undefined {
    const server = this.#server(({ addresses }) => addresses.length > 0);
    if (!server?.addresses.some(({ type }) => type === 'fixed')) return undefined;
    const hasFloating = server.addresses.some(({ type }) => type === 'floating');
    this.#cloud.setFloatingIp(server.id, !hasFloating);
    return `${hasFloating ? 'take from' : 'give'} ${server.name} a floating address`;
  }

  #breakVolume(): string | undefined {
    const volume = this.#pick(this.#volumes().filter(({ status }) => status === 'in-use'));
    if (!volume) return undefined;
    this.#cloud.blockStorage.changeVolume(volume.id, { status: 'error' });
    return `break volume ${volume.name}`;
  }

  #mendVolume(): string | undefined {
    const volume = this.#pick(this.#volumes().filter(({ status }) => status === 'error'));
    if (!volume) return undefined;
    const status = volume.attachments.length > 0 ? 'in-use' : 'available';
    this.#cloud.blockStorage.changeVolume(volume.id, { status });
    return `mend volume ${volume.name}`;
  }

  #switchNetwork(): string | undefined {
    const stack = this.#pick(this.#roots().filter(isAtRest));
    const resource = stack?.resources.find(({ type }) => type === 'OS::Neutron::Net');
    const network = this.#cloud.networking.networks.get(resource?.physicalId ?? '');
    if (!network) return undefined;
    const adminStateUp = !network.adminStateUp;
    this.#cloud.networking.changeNetwork(network.id, { adminStateUp });
    return `${adminStateUp ? 'open' : 'shut'} network ${network.name}`;
  }

  #volumes(): Volume[] {
    return [...this.#cloud.blockStorage.volumes()];
  }

  #roots(): Stack[] {
    return [...this.#cloud.orchestration.stacks()].filter((stack) => !stack.parent);
  }

  /** A server that nothing is being done to, nor to its stack. */
  #server(wanted: (server: Server) => boolean): Server | undefined {
    const stack = this.#pick(this.#roots().filter(isAtRest));
    const servers = stack ? this.#cloud.orchestration.serversOf(stack) : [];
    return this.#pick(servers.filter((server) => server.taskState === null && wanted(server)));
  }

  #pick<T>(from: readonly T[]): T | undefined {
    return from[Math.floor(this.#random.next() * from.length)];
  }
}

/** What has failed is at rest too: it can be updated, resumed and deleted. */
function isAtRest(stack: Stack): boolean {
  return stack.result !== 'IN_PROGRESS';
}

function isAwake(stack: Stack): boolean {
  return isAtRest(stack) && stack.action !== 'SUSPEND';
}
