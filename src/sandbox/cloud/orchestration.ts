import { faultOfName } from '../fault-name.ts';
import type { BlockStorage } from './block-storage.ts';
import type { Compute, Server } from './compute.ts';
import type { Identity, Project, User } from './identity.ts';
import type { Ids } from './ids.ts';
import { Listing } from './listing.ts';
import type { Networking } from './network.ts';
import { members, newResource, newResources, setResource } from './resource.ts';
import { type Resource, type Stack, type StackAction, type StackResult, treeOf } from './stack.ts';
import { serverDraft } from './stack-server.ts';
import type { Resources, ServerTemplate, Template } from './template.ts';
import type { Timeline } from './timeline.ts';

export interface StackDraft {
  readonly name: string;
  readonly project: Project;
  readonly owner: User;
  readonly template: Template;
  readonly tags?: readonly string[] | null;
  readonly timeoutMins?: number | null;
}

export interface Output {
  readonly key: string;
  readonly description: string;
  readonly value: unknown;
}

/** Said for each thing that Heat would announce: `type` as in its notifications. */
export interface OrchestrationEvent {
  readonly type: `orchestration.stack.${string}`;
  readonly stack: Stack;
}

/** A stack gets an action while another is in progress: Heat's 409. */
export class StackBusy extends Error {
  override readonly name = 'StackBusy';

  constructor(stack: Stack) {
    super(`Stack ${stack.name} already has an action (${stack.action}) in progress.`);
  }
}

export interface OrchestrationOptions {
  readonly timeline: Timeline;
  readonly ids: Ids;
  readonly compute: Compute;
  readonly networking: Networking;
  readonly blockStorage: BlockStorage;
  readonly identity: Identity;
  /** `stack_scheduler_hints` of heat.conf. */
  readonly schedulerHints: boolean;
  /** How long a deleted stack can still be shown, ms. */
  readonly keepDeletedMs: number;
  readonly onEvent: (event: OrchestrationEvent) => void;
}

/** Kinds of contents that need nothing else of their stack. */
const leaves: ReadonlySet<string> = new Set(['server-group', 'network', 'volume']);

/** How long things take on a small real cloud, ms. */
const takes = {
  untilNestedBegin: 2_000,
  nested: 6_000,
  switching: 1_500,
  deletingNested: 2_000,
  rootToEnd: 1_000,
};

/** Heat's state: trees of stacks with their resources, and what is under way with them. */
export class Orchestration {
  readonly #options: OrchestrationOptions;
  readonly #timeline: Timeline;
  readonly #stacks = new Map<string, Stack>();
  readonly #live = new Listing<Stack>('descending');
  readonly #liveByProject = new Map<string, Listing<Stack>>();
  /** The live roots, by `<project>/<name>`. */
  readonly #byName = new Map<string, Stack>();

  constructor(options: OrchestrationOptions) {
    this.#options = options;
    this.#timeline = options.timeline;
  }

  /** By id, also one that is deleted, as long as it is remembered. */
  stack(id: string): Stack | undefined {
    return this.#stacks.get(id);
  }

  stackNamed(projectId: string, name: string): Stack | undefined {
    return this.#byName.get(`${projectId}/${name}`);
  }

  /** Newest first, nested ones among them, and those that are deleted and still remembered. */
  everyStack(projectId?: string): Listing<Stack> {
    const all = new Listing<Stack>('descending');
    for (const stack of this.#stacks.values()) {
      if (projectId === undefined || stack.projectId === projectId) all.add(stack);
    }
    return all;
  }

  /** Newest first, nested ones among them. */
  stacks(projectId?: string): Listing<Stack> {
    if (projectId === undefined) return this.#live;
    return this.#liveByProject.get(projectId) ?? new Listing<Stack>('descending');
  }

  /** Has a stack made, with all that is in it. */
  createStack(draft: StackDraft): Stack {
    const stack = this.#addRoot(draft, this.#timeline.now());
    this.#setState(stack, 'CREATE', 'IN_PROGRESS');
    this.#timeline.after(takes.untilNestedBegin, () => {
      if (!this.#isDoing(stack, 'CREATE')) return;
      this.#create(stack.resources, stack);
      this.#timeline.after(takes.nested + takes.rootToEnd, () => this.#end(stack, 'CREATE'));
    });
    return stack;
  }

  /** Puts a stack there that has been complete since `createdAt`, with active servers: how a population is made. */
  addStack(draft: StackDraft, createdAt: number): Stack {
    const root = this.#addRoot(draft, createdAt);
    this.#create(root.resources, root, createdAt);
    for (const stack of treeOf(root)) {
      for (const resource of stack.resources) setResource(resource, 'CREATE', 'COMPLETE');
      stack.result = 'COMPLETE';
      stack.reason = 'Stack CREATE completed successfully';
    }
    return root;
  }

  /**
   * An update that gives a ResourceGroup of the stack another number of members.
   *
   * @throws {StackBusy}
   */
  resizeGroup(id: string, groupName: string, count: number): void {
    const stack = this.#mustHave(id);
    const group = stack.resources.find((resource) => resource.name === groupName);
    if (!group?.nested || group.contents?.kind !== 'members') {
      throw new Error(`Stack ${stack.name} has no ResourceGroup "${groupName}" that is made.`);
    }
    const { nested, contents } = group;
    this.#begin(stack, 'UPDATE');
    this.#timeline.after(takes.untilNestedBegin, () => {
      if (!this.#isDoing(stack, 'UPDATE')) return;
      setResource(group, 'UPDATE', 'IN_PROGRESS');
      this.#setState(nested, 'UPDATE', 'IN_PROGRESS');
      const [kept, surplus] = [nested.resources.slice(0, count), nested.resources.slice(count)];
      for (const resource of surplus) this.#delete(resource, nested);
      const added: Resource[] = [];
      for (let index = kept.length; index < count; index++) {
        added.push(newResource(String(index), contents.member(index), this.#timeline.now()));
      }
      nested.resources = [...kept, ...added];
      this.#create(added, nested);
      this.#timeline.after(takes.nested, () => this.#end(nested, 'UPDATE'));
      this.#timeline.after(takes.nested + takes.rootToEnd, () => this.#end(stack, 'UPDATE'));
    });
  }

  /** A stack update that adds one resource. Only its physical id is simulated. */
  addResource(id: string, { name, type, physicalId }: Pick<Resource, 'name' | 'type' | 'physicalId'>): void {
    const stack = this.#mustHave(id);
    const resource = newResource(name, { type }, this.#timeline.now());
    resource.physicalId = physicalId;
    setResource(resource, 'CREATE', 'COMPLETE');
    stack.resources.push(resource);
    this.#setState(stack, 'UPDATE', 'COMPLETE');
  }

  /** An update that takes a resource away. */
  deleteResource(id: string, name: string): void {
    const stack = this.#mustHave(id);
    for (const resource of stack.resources) if (resource.name === name) this.#delete(resource, stack);
    stack.resources = stack.resources.filter((resource) => resource.name !== name);
    this.#setState(stack, 'UPDATE', 'COMPLETE');
  }

  /** Heat keeps a limited number of events: forgets those of deleted resources, as after many later events. */
  forgetFormer(): void {
    for (const { former } of this.#stacks.values()) former.length = 0;
  }

  /** @throws {StackBusy} */
  suspendStack(id: string): void {
    this.#switch(this.#mustHave(id), 'SUSPEND', (server) => server.vmState === 'active');
  }

  /** @throws {StackBusy} */
  resumeStack(id: string): void {
    this.#switch(this.#mustHave(id), 'RESUME', (server) => server.vmState === 'suspended');
  }

  /** @throws {StackBusy} */
  checkStack(id: string): void {
    const stack = this.#mustHave(id);
    this.#begin(stack, 'CHECK');
    this.#timeline.after(takes.switching, () => this.#end(stack, 'CHECK'));
  }

  /** Deletes it with all that is in it; whatever else is under way is given up. */
  deleteStack(id: string): void {
    const root = this.#mustHave(id);
    if (this.#isDoing(root, 'DELETE')) return;
    this.#setState(root, 'DELETE', 'IN_PROGRESS');
    this.#timeline.after(takes.rootToEnd, () => {
      for (const resource of root.resources) this.#delete(resource, root);
      this.#timeline.after(takes.deletingNested + takes.rootToEnd, () => {
        this.#remove(root);
        const { projects } = this.#options.identity;
        const ofItsUsers = projects.get(root.stackUserProjectId);
        if (ofItsUsers) this.#options.identity.deleteProject(ofItsUsers);
      });
    });
  }

  /** What was last begun with it has failed, for `reason`. */
  failStack(id: string, reason: string): void {
    const stack = this.#mustHave(id);
    this.#setState(stack, stack.action, 'FAILED', reason);
  }

  /** Sets its state straight, to any action Heat may know, such as `ROLLBACK`. */
  setStackState(id: string, state: { action: string; result: StackResult; reason?: string }): void {
    this.#setState(this.#mustHave(id), state.action, state.result, state.reason);
  }

  /** An update that changed an output and nothing else. */
  setOutput(id: string, key: string, value: unknown): void {
    const stack = this.#mustHave(id);
    stack.outputs = { ...stack.outputs, [key]: value };
    stack.updatedAt = this.#timeline.now();
    this.#setState(stack, 'UPDATE', 'COMPLETE');
  }

  /** The outputs as they are now. */
  outputs(stack: Stack): Output[] {
    const servers = this.#isDoing(stack, 'CREATE') ? [] : this.serversOf(stack);
    return (stack.template?.outputs ?? []).map(({ key, description, value }) => ({
      key,
      description: description ?? 'No description given',
      value: key in stack.outputs ? stack.outputs[key] : value(servers),
    }));
  }

  /** The servers of the whole tree. */
  serversOf(stack: Stack): Server[] {
    return treeOf(stack).flatMap(({ resources }) =>
      resources.flatMap((resource) => this.#serverOf(resource) ?? []),
    );
  }

  #mustHave(id: string): Stack {
    const stack = this.#stacks.get(id);
    if (!stack || stack.deletedAt !== undefined) throw new Error(`The sandbox has no stack ${id}.`);
    return stack;
  }

  #serverOf(resource: Resource): Server | undefined {
    return resource.type === 'OS::Nova::Server'
      ? this.#options.compute.server(resource.physicalId)
      : undefined;
  }

  #addRoot(draft: StackDraft, createdAt: number): Stack {
    const { identity, ids } = this.#options;
    if (this.stackNamed(draft.project.id, draft.name)) {
      throw new Error(`Project ${draft.project.name} has a stack ${draft.name} already.`);
    }
    const id = ids.uuid();
    const ofItsUsers = identity.createProject({
      // Keystone cuts names at 64 characters.
      name: `${draft.project.id}-${id}`.slice(0, 64),
      domainId: identity.heatDomain.id,
      description: 'Heat stack user project',
    });
    const stack = this.#add({
      id,
      name: draft.name,
      projectId: draft.project.id,
      owner: draft.owner.name,
      ownerId: draft.owner.id,
      parent: undefined,
      parentResource: '',
      template: draft.template,
      stackUserProjectId: ofItsUsers.id,
      tags: draft.tags ?? null,
      timeoutMins: draft.timeoutMins ?? null,
      namedFault: faultOfName(draft.name),
      resources: newResources(draft.template.resources, createdAt),
      createdAt,
    });
    this.#byName.set(`${stack.projectId}/${stack.name}`, stack);
    return stack;
  }

  #addNested(parent: Stack, resource: Resource, resources: Resources, createdAt: number): Stack {
    return this.#add({
      id: this.#options.ids.uuid(),
      name: `${parent.name}-${resource.name}-${this.#options.ids.letters(12)}`,
      projectId: parent.projectId,
      owner: parent.owner,
      ownerId: parent.ownerId,
      parent,
      parentResource: resource.name,
      template: undefined,
      stackUserProjectId: parent.stackUserProjectId,
      tags: null,
      timeoutMins: parent.timeoutMins,
      namedFault: undefined,
      resources: newResources(resources, createdAt),
      createdAt,
    });
  }

  #add(
    fields: Omit<Stack, 'outputs' | 'former' | 'action' | 'result' | 'reason' | 'updatedAt' | 'deletedAt'>,
  ): Stack {
    const stack: Stack = {
      ...fields,
      outputs: {},
      former: [],
      action: 'CREATE',
      result: 'IN_PROGRESS',
      reason: 'Stack CREATE started',
      updatedAt: undefined,
      deletedAt: undefined,
    };
    this.#stacks.set(stack.id, stack);
    this.#live.add(stack);
    let ofProject = this.#liveByProject.get(stack.projectId);
    if (!ofProject) this.#liveByProject.set(stack.projectId, (ofProject = new Listing('descending')));
    ofProject.add(stack);
    return stack;
  }

  /** Makes the resources; `since`: as though they had been there since then. */
  #create(resources: readonly Resource[], stack: Stack, since?: number): void {
    // A server is placed with its group and boots from its volume, which therefore have to be there.
    const isLeaf = ({ contents }: Resource) => !contents || leaves.has(contents.kind);
    const [first, rest] = [resources.filter(isLeaf), resources.filter((resource) => !isLeaf(resource))];
    for (const resource of [...first, ...rest]) this.#createOne(resource, stack, since);
  }

  #createOne(resource: Resource, stack: Stack, since: number | undefined): void {
    const { compute, networking, blockStorage, ids } = this.#options;
    const { contents } = resource;
    const { projectId, ownerId: userId } = stack;
    // Only a group is ever made larger: of the rest nothing need be kept.
    if (contents?.kind !== 'members') resource.contents = undefined;
    switch (contents?.kind) {
      case undefined:
        resource.physicalId = ids.uuid();
        return setResource(resource, 'CREATE', 'COMPLETE');
      case 'server-group': {
        const { name, policy } = contents;
        resource.physicalId = compute.createGroup({ name, policy, projectId, userId }).id;
        return setResource(resource, 'CREATE', 'COMPLETE');
      }
      case 'network': {
        const draft = { name: contents.name, projectId };
        resource.physicalId =
          since === undefined
            ? networking.createNetwork(draft).id
            : networking.addNetwork({ ...draft, createdAt: since }).id;
        return setResource(resource, 'CREATE', 'COMPLETE');
      }
      case 'volume': {
        // Heat names what its template gives no name.
        const name = contents.name ?? `${stack.name}-${resource.name}-${ids.letters(12)}`;
        const draft = { name, size: contents.size, projectId, userId, bootable: true };
        resource.physicalId =
          since === undefined ? blockStorage.createVolume(draft).id : blockStorage.addVolume(draft, since).id;
        return setResource(resource, 'CREATE', 'COMPLETE');
      }
      case 'server': {
        const volumeId = this.#bootVolume(contents, stack, since);
        const draft = serverDraft(contents, {
          resource,
          stack,
          volumeId,
          schedulerHints: this.#options.schedulerHints,
        });
        const server =
          since === undefined ? compute.createServer(draft) : compute.addActiveServer(draft, since);
        resource.physicalId = server.id;
        if (volumeId !== undefined) blockStorage.attach(volumeId, server.id, since);
        return setResource(resource, 'CREATE', 'IN_PROGRESS');
      }
      case 'members':
      case 'stack': {
        const within =
          contents.kind === 'stack' ? contents.resources : members(contents.count, contents.member);
        const nested = this.#addNested(stack, resource, within, since ?? this.#timeline.now());
        resource.physicalId = nested.id;
        resource.nested = nested;
        setResource(resource, 'CREATE', 'IN_PROGRESS');
        this.#create(nested.resources, nested, since);
        if (since === undefined) this.#timeline.after(takes.nested, () => this.#end(nested, 'CREATE'));
      }
    }
  }

  /** What a server is to boot from; undefined for one that boots from an image. */
  #bootVolume(template: ServerTemplate, stack: Stack, since: number | undefined): string | undefined {
    if (template.imageId !== undefined) return undefined;
    const named = stack.resources.find(({ name }) => name === template.volume)?.physicalId;
    if (named !== undefined) return named;
    const { blockStorage } = this.#options;
    const { projectId, ownerId: userId } = stack;
    const draft = { name: '', size: template.flavor.disk, projectId, userId, bootable: true };
    return blockStorage.addVolume(draft, since ?? this.#timeline.now()).id;
  }

  #delete(resource: Resource, stack: Stack): void {
    const { compute, networking, blockStorage } = this.#options;
    const { nested, name, physicalId, createdAt } = resource;
    stack.former.push({ name, physicalId, createdAt, deletedAt: this.#timeline.now() });
    setResource(resource, 'DELETE', 'IN_PROGRESS');
    if (resource.type === 'OS::Nova::Server') compute.deleteServer(resource.physicalId);
    if (resource.type === 'OS::Nova::ServerGroup') compute.groups.delete(resource.physicalId);
    if (resource.type === 'OS::Neutron::Net') networking.deleteNetwork(resource.physicalId);
    if (resource.type === 'OS::Cinder::Volume') blockStorage.deleteVolume(resource.physicalId);
    if (!nested) return;
    this.#setState(nested, 'DELETE', 'IN_PROGRESS');
    for (const inner of nested.resources) this.#delete(inner, nested);
    this.#timeline.after(takes.deletingNested, () => this.#remove(nested));
  }

  /** Suspends or resumes those servers of the tree that can be. */
  #switch(root: Stack, action: 'SUSPEND' | 'RESUME', can: (server: Server) => boolean): void {
    this.#begin(root, action);
    this.#timeline.after(takes.rootToEnd / 2, () => {
      if (!this.#isDoing(root, action)) return;
      const tree = treeOf(root);
      for (const stack of tree) {
        if (stack !== root) this.#setState(stack, action, 'IN_PROGRESS');
        for (const resource of stack.resources) setResource(resource, action, 'IN_PROGRESS');
      }
      for (const server of this.serversOf(root)) {
        const verb = action === 'SUSPEND' ? 'suspend' : 'resume';
        if (can(server) && server.taskState === null) this.#options.compute.act(server.id, verb);
      }
      this.#timeline.after(takes.switching, () => {
        for (const stack of tree) if (stack !== root) this.#end(stack, action);
        this.#timeline.after(takes.rootToEnd, () => this.#end(root, action));
      });
    });
  }

  #begin(stack: Stack, action: StackAction): void {
    if (stack.result === 'IN_PROGRESS') throw new StackBusy(stack);
    this.#setState(stack, action, 'IN_PROGRESS');
  }

  #isDoing(stack: Stack, action: StackAction): boolean {
    return stack.action === action && stack.result === 'IN_PROGRESS';
  }

  /** The action ends: well, unless something that it made came to grief. */
  #end(stack: Stack, action: StackAction): void {
    if (!this.#isDoing(stack, action)) return;
    const broken = this.#broken(stack);
    for (const resource of stack.resources) {
      if (resource.result === 'IN_PROGRESS') setResource(resource, resource.action, 'COMPLETE');
    }
    if (!broken) return this.#setState(stack, action, 'COMPLETE');
    const reason = `ResourceInError: ${broken.path}: Went to status ERROR due to "Message: ${broken.message}, Code: 500"`;
    setResource(broken.resource, broken.resource.action, 'FAILED', reason);
    this.#setState(stack, action, 'FAILED', `Resource ${action} failed: ${reason}`);
  }

  /** The first of what is being made that is a broken server, or has one within. */
  #broken(stack: Stack): { resource: Resource; path: string; message: string } | undefined {
    for (const resource of stack.resources) {
      if (resource.result === 'COMPLETE') continue;
      const path = `resources.${resource.name}`;
      const server = this.#serverOf(resource);
      if (server?.vmState === 'error') return { resource, path, message: server.fault?.message ?? 'Unknown' };
      const within = resource.nested && this.#broken(resource.nested);
      if (within) return { resource, path: `${path}.${within.path}`, message: within.message };
    }
    return undefined;
  }

  #setState(stack: Stack, action: string, result: StackResult, reason?: string): void {
    stack.action = action;
    stack.result = result;
    stack.reason =
      reason ??
      `Stack ${action} ${{ IN_PROGRESS: 'started', COMPLETE: 'completed successfully', FAILED: 'failed' }[result]}`;
    if (result === 'IN_PROGRESS' && (action === 'UPDATE' || action === 'DELETE')) {
      stack.updatedAt = this.#timeline.now();
    }
    const ending = { IN_PROGRESS: 'start', COMPLETE: 'end', FAILED: 'error' }[result];
    this.#options.onEvent({ type: `orchestration.stack.${action.toLowerCase()}.${ending}`, stack });
  }

  #remove(stack: Stack): void {
    stack.deletedAt = this.#timeline.now();
    stack.resources = [];
    this.#live.remove(stack);
    this.#liveByProject.get(stack.projectId)?.remove(stack);
    if (!stack.parent) this.#byName.delete(`${stack.projectId}/${stack.name}`);
    this.#setState(stack, 'DELETE', 'COMPLETE');
    this.#timeline.later(this.#options.keepDeletedMs, () => this.#stacks.delete(stack.id));
  }
}
