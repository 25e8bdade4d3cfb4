import type { Kind, Stack, StackId } from '../openstack/model.ts';
import type { StackTree } from '../plan/observation.ts';
import { stackKey } from '../plan/ownership.ts';
import type { PortalIndex } from '../plan/portal-index.ts';
import { onceFor } from '../runtime/once-for.ts';
import type { TreeMemory } from './tree-memory.ts';
import { treeRevision } from './tree-revision.ts';

/**
 * The trees that rows of stacks make, root by root; the same list as long as rows and trees stay as they are. A nested stack whose
 * root is not among the rows belongs to none.
 *
 * @param options.now Heat's clock when it gave the rows, ms since 1970
 * @param options.kinds the kinds of members to read
 */
export function stackTrees(
  rows: readonly Stack[],
  { now, kinds }: { readonly now: number; readonly kinds: readonly Kind[] },
): readonly StackTree[] {
  const { trees, settledAfter, allSettledAfter } = settledTrees(rows, kinds);
  if (now > allSettledAfter) return trees;
  return trees.map((tree) =>
    now > (settledAfter.get(tree) ?? 0) ? tree : { ...tree, revision: { ...tree.revision, settled: false } },
  );
}

/** The root of each stack whose root is among the rows. */
export const rootsOf = onceFor((rows: readonly Stack[]): ReadonlyMap<StackId, StackId> => {
  const byId = new Map(rows.map((stack) => [stack.id, stack]));
  const roots = new Map<StackId, StackId>();
  for (const stack of rows) {
    const root = rootOf(stack, byId);
    if (root) roots.set(stack.id, root.id);
  }
  return roots;
});

/** The trees as they are once nothing happens in them any more, and when that is. */
const settledTrees = onceFor((rows: readonly Stack[], kinds: readonly Kind[]) => {
  const roots = rootsOf(rows);
  const members = Map.groupBy(rows, ({ id }) => roots.get(id));
  const trees: StackTree[] = [];
  const settledAfter = new Map<StackTree, number>();
  let allSettledAfter = 0;
  for (const root of rows) {
    if (roots.get(root.id) !== root.id) continue;
    const revision = treeRevision(root, members.get(root.id) ?? [], kinds);
    const tree = { root, revision: { text: revision.text, settled: true } };
    trees.push(tree);
    settledAfter.set(tree, revision.settledAfter);
    allSettledAfter = Math.max(allSettledAfter, revision.settledAfter);
  }
  return { trees, settledAfter, allSettledAfter };
});

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
