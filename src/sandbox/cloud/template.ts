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
  /** Left out: it boots from a volume of its own. */
  readonly imageId?: string;
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

/** Some resource with an id and no more: a network, a port, a volume. */
export function plain(type: string, ...requiredBy: readonly string[]): ResourceTemplate {
  return { type, requiredBy };
}

export function server(template: ServerTemplate): ResourceTemplate {
  return { type: 'OS::Nova::Server', contents: { kind: 'server', ...template } };
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
