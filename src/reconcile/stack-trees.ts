import type { Kind, Stack, StackId } from '../openstack/model.ts';
import type { StackTree } from '../plan/observation.ts';
import { stackKey } from '../plan/ownership.ts';
import type { PortalIndex } from '../plan/portal-index.ts';
import type { TreeMemory } from './tree-memory.ts';
import { treeRevision } from './tree-revision.ts';

/**
 * The trees that rows of stacks make, root by root. A nested stack whose root is not among the rows belongs to none.
 *
 * @param options.now Heat's clock when it gave the rows, ms since 1970
 * @param options.kinds the kinds of members to read
 */
export function stackTrees(
  rows: readonly Stack[],
  options: { readonly now: number; readonly kinds: readonly Kind[] },
): StackTree[] {
  const byId = new Map(rows.map((stack) => [stack.id, stack]));
  const members = new Map<StackId, Stack[]>();
  for (const stack of rows) {
    const root = rootOf(stack, byId);
    if (!root) continue;
    const tree = members.get(root.id);
    if (tree) tree.push(stack);
    else members.set(root.id, [stack]);
  }
  const trees: StackTree[] = [];
  for (const [id, stacks] of members) {
    const root = byId.get(id);
    if (root) trees.push({ root, revision: treeRevision(root, stacks, options) });
  }
  return trees;
}

/** The root of each stack whose root is among the rows. */
export function rootsOf(rows: readonly Stack[]): Map<StackId, StackId> {
  const byId = new Map(rows.map((stack) => [stack.id, stack]));
  const roots = new Map<StackId, StackId>();
  for (const stack of rows) {
    const root = rootOf(stack, byId);
    if (root) roots.set(stack.id, root.id);
  }
  return roots;
}

/** The root of the tree that a stack is in; undefined when the rows do not lead to it. */
export function rootOf(stack: Stack, byId: ReadonlyMap<StackId, Stack>): Stack | undefined {
  let at: Stack | undefined = stack;
  // More steps than there are rows mean a cycle.
  for (let depth = 0; at && depth < byId.size; depth++) {
    if (at.parentId === null) return at;
    at = byId.get(at.parentId);
  }
  return undefined;
}

/** Whether the portal shows a tree: its project has an owner. */
export function isShown({ root }: StackTree, index: PortalIndex): boolean {
  return index.ownerOfProject.has(root.projectId);
}

/** Whether a tree was read at this very revision, and all of the stack's racks show its outputs, so that it need not be read. */
export function isKnown({ root, revision }: StackTree, index: PortalIndex, memory: TreeMemory): boolean {
  const racks = index.racksOfSource.get(stackKey(root.id)) ?? [];
  return (
    revision.settled &&
    racks.length > 0 &&
    racks.every((rack) => memory.isShown(root.id, revision.text, rack))
  );
}
