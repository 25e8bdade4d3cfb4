import type { NamedFault } from '../fault-name.ts';
import type { ResourceContents, Template } from './template.ts';

export type StackAction = 'CREATE' | 'UPDATE' | 'DELETE' | 'SUSPEND' | 'RESUME' | 'CHECK';
export type StackResult = 'IN_PROGRESS' | 'COMPLETE' | 'FAILED';

/** Heat: a stack, root or nested. Read it freely; only `Orchestration` changes it. */
export interface Stack {
  readonly id: string;
  readonly name: string;
  readonly projectId: string;
  /** Name and id of the user who made the tree. */
  readonly owner: string;
  readonly ownerId: string;
  readonly parent: Stack | undefined;
  /** The parent's resource that it is; '' for a root. */
  readonly parentResource: string;
  /** undefined for a nested one. */
  readonly template: Template | undefined;
  readonly stackUserProjectId: string;
  readonly tags: readonly string[] | null;
  readonly timeoutMins: number | null;
  readonly namedFault: NamedFault | undefined;
  resources: Resource[];
  /** What it had once: its events still name it. */
  readonly former: FormerResource[];
  /** What outputs say in place of their templates. */
  outputs: Readonly<Record<string, unknown>>;
  /** Any text: tests let Heat learn new actions. */
  action: StackAction | (string & {});
  result: StackResult;
  reason: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** Start of the last update or deletion: suspending, resuming and checking leave it as it is. */
  updatedAt: number | undefined;
  deletedAt: number | undefined;
}

/** Heat: a part of a stack. */
export interface Resource {
  readonly name: string;
  readonly type: string;
  readonly requiredBy: readonly string[];
  /** What it is to be made from; of a group also what it was. */
  contents: ResourceContents | undefined;
  /** What Nova, Neutron or Heat itself knows it by; '' until it is made. */
  physicalId: string;
  /** The stack that it is. */
  nested: Stack | undefined;
  action: 'INIT' | StackAction;
  result: StackResult;
  reason: string;
  readonly createdAt: number;
}

/** Heat: a resource that was deleted, times in ms since 1970. */
export interface FormerResource extends Pick<Resource, 'name' | 'physicalId' | 'createdAt'> {
  readonly deletedAt: number;
}

export function statusOf(item: { action: string; result: string }): string {
  return `${item.action}_${item.result}`;
}

/** The tree's stack that is nested in no other. */
export function rootOf(stack: Stack): Stack {
  return stack.parent ? rootOf(stack.parent) : stack;
}

/** The stack and all below it, parents before their children. */
export function treeOf(stack: Stack): Stack[] {
  return [stack, ...stack.resources.flatMap(({ nested }) => (nested ? treeOf(nested) : []))];
}
