import type { Address, Flavor, Server } from './compute.ts';

/** What a stack is made from: as much of a HOT template as shows in Heat's and Nova's answers. */
export interface Template {
  readonly description: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly resources: Resources;
  readonly outputs: readonly OutputTemplate[];
}

export type Resources = Readonly<Record<string, ResourceTemplate>>;

export interface ResourceTemplate {
  /** `OS::Nova::Server`, or the address of a template for a stack within the stack. */
  readonly type: string;
  /** Left out: it has an id, and nothing else of it shows. */
  readonly contents?: ResourceContents;
  readonly requiredBy?: readonly string[];
}

export type ResourceContents =
  | ({ readonly kind: 'server' } & ServerTemplate)
  | { readonly kind: 'volume'; readonly name: string | null; readonly size: number }
  | { readonly kind: 'network'; readonly name: string }
  | { readonly kind: 'server-group'; readonly name: string; readonly policy: string }
  | { readonly kind: 'stack'; readonly resources: Resources }
  /** A nested stack whose resources are named by their numbers from 0. */
  | {
      readonly kind: 'members';
      readonly count: number;
      readonly member: (index: number) => ResourceTemplate;
    };

export interface ServerTemplate {
  readonly name: string;
  readonly flavor: Flavor;
  readonly addresses: readonly Address[];
  /** Left out: it boots from a volume. */
  readonly imageId?: string;
  /** The volume resource of its stack that it boots from. Left out: one that Nova has made for it. */
  readonly volume?: string;
  readonly keyName?: string | null;
  readonly metadata?: Readonly<Record<string, string>>;
  /** The server group resource of the root stack that it belongs to. */
  readonly group?: string;
  /** It never comes up: its stack fails with this message. */
  readonly failure?: string;
}

export interface OutputTemplate {
  readonly key: string;
  readonly description?: string;
  /** From the servers of the whole tree, none while it is being created. */
  readonly value: (servers: readonly Server[]) => unknown;
}

/** Some resource with an id and no more: a port, a router, a security group. */
export function plain(type: string, ...requiredBy: readonly string[]): ResourceTemplate {
  return { type, requiredBy };
}

export function server(template: ServerTemplate): ResourceTemplate {
  return { type: 'OS::Nova::Server', contents: { kind: 'server', ...template } };
}

/** @param size GiB */
export function volume(
  size: number,
  options: { name?: string; requiredBy?: readonly string[] } = {},
): ResourceTemplate {
  const { name = null, requiredBy = [] } = options;
  return { type: 'OS::Cinder::Volume', contents: { kind: 'volume', name, size }, requiredBy };
}

export function network(name: string, ...requiredBy: readonly string[]): ResourceTemplate {
  return { type: 'OS::Neutron::Net', contents: { kind: 'network', name }, requiredBy };
}

export function serverGroup(name: string, policy: string): ResourceTemplate {
  return { type: 'OS::Nova::ServerGroup', contents: { kind: 'server-group', name, policy } };
}

export function resourceGroup(count: number, member: (index: number) => ResourceTemplate): ResourceTemplate {
  return { type: 'OS::Heat::ResourceGroup', contents: { kind: 'members', count, member } };
}

/** A stack within the stack, made from the template at `type`. */
export function nestedStack(type: string, resources: Resources): ResourceTemplate {
  return { type, contents: { kind: 'stack', resources } };
}
