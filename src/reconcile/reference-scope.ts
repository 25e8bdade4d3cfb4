import type { Kind, ObjectReference, ProjectId } from '../openstack/model.ts';
import { findStack } from '../openstack/orchestration.ts';
import { membersOf } from '../plan/membership.ts';
import type { StackTree } from '../plan/observation.ts';
import { type RackKey, stackKey } from '../plan/ownership.ts';
import { type PortalIndex, projectOfRack } from '../plan/portal-index.ts';
import type { NamedObjects } from './named-objects.ts';
import { type ObserveOptions, racksWith } from './observe-cloud.ts';
import { isKnown, rootOf } from './stack-trees.ts';
import type { TreeMemory } from './tree-memory.ts';
import type { Unread } from './unread.ts';

/** Whether the portal shows, or is to show, the named object. True also if the reference names no project. */
export function isForThePortal(
  reference: ObjectReference,
  kinds: readonly Kind[],
  index: PortalIndex,
): boolean {
  const { kind, id, projectId } = reference;
  if (kind !== 'stack' && !kinds.includes(kind)) return false;
  if (projectId === undefined || index.ownerOfProject.has(projectId)) return true;
  return kind === 'stack' ? index.racksOfSource.has(stackKey(id)) : index.devicesOf[kind].has(id);
}

/** The projects of the references that the portal shows. What cannot be read adds no project, and is noted in `unread`. */
export async function projectsToLookInto(
  { session }: ObserveOptions,
  references: readonly ObjectReference[],
  objects: readonly NamedObjects[],
  { index, unread }: { readonly index: PortalIndex; readonly unread: Unread[] },
  signal: AbortSignal | undefined,
): Promise<Set<ProjectId>> {
  const projects = await Promise.all(
    references.map(async (reference) => {
      if (reference.projectId !== undefined) return reference.projectId;
      if (reference.kind === 'stack') {
        const key = stackKey(reference.id);
        if (index.racksOfSource.has(key)) return projectOfRack(key, index);
        try {
          return (await findStack(session, reference.id, undefined, signal))?.stack.projectId;
        } catch (error) {
          signal?.throwIfAborted();
          unread.push({ object: 'stack', id: reference.id, name: reference.id, error });
          return undefined;
        }
      }
      const { kind, id } = reference;
      const object = objects.find((each) => each.kind === kind)?.answers.get(id);
      if (object && object.kind !== 'unreadable') return object.projectId;
      const [key] = racksWith(kind, id, index);
      return key && projectOfRack(key, index);
    }),
  );
  return new Set(
    projects.filter((project) => project !== undefined && index.ownerOfProject.has(project)) as ProjectId[],
  );
}

/** The racks of named objects, of objects that changed along with them, and of named stacks that no longer exist. */
export function racksInScope(
  references: readonly ObjectReference[],
  rows: readonly StackTree['root'][],
  trees: readonly StackTree[],
  index: PortalIndex,
  memory: TreeMemory,
): Set<RackKey> {
  const scope = new Set<RackKey>();
  const byStackId = new Map(rows.map((row) => [row.id, row]));
  for (const tree of trees) if (!isKnown(tree, index, memory)) scope.add(stackKey(tree.root.id));
  for (const reference of references) {
    if (reference.kind === 'stack') {
      const row = byStackId.get(reference.id);
      const root = row && rootOf(row, byStackId);
      const key = stackKey(root?.id ?? reference.id);
      if (root || index.racksOfSource.has(key)) scope.add(key);
    } else {
      for (const key of racksWith(reference.kind, reference.id, index)) scope.add(key);
    }
  }
  // A server whose stack is unknown may belong to any stack of its project that has server groups.
  for (const tree of trees) {
    if ((membersOf(tree, { remembered: memory.trees })?.serverGroups.length ?? 0) > 0)
      scope.add(stackKey(tree.root.id));
  }
  return scope;
}
