import type { PortalSnapshot } from '../concertim/model.ts';
import { collections, kinds, type Reference, type StackId } from '../openstack/model.ts';
import type { Change } from '../plan/change.ts';
import { equal } from '../plan/difference.ts';
import type { CloudObservation } from '../plan/observation.ts';
import { keyOfSource, metadataKeys, objectOfDevice, sourceOfRack } from '../plan/ownership.ts';
import type { PortalIndex } from '../plan/portal-index.ts';
import type { Subject } from '../plan/subject.ts';
import { unreachable } from '../runtime/unreachable.ts';

/** A change that a full run had to make, and the ids of cloud objects any of whose notifications announces it. */
interface Suspect {
  readonly subject: Subject;
  readonly ids: ReadonlySet<string>;
}

/** A limit, since they are kept until a run is complete. */
const mostHeard = 20_000;

/**
 * Counts what notifications should have announced and did not: changes of the cloud that a full run finds by itself,
 * although it was listened all the time since the run before. A change is given until the next full run to be announced
 * after all: the list may have been faster than the message.
 *
 * Changes that people make in the portal, and changes that an earlier run failed to make, are no drift; nor are templates,
 * because by default Nova sends no notifications about flavors.
 */
export class DriftWatch {
  #isListening = false;
  /** Whether it was listened all the time since the last full run began. */
  #heardAll = false;
  #count = 0;
  /** By id of a server or stack, when it was last announced: a number that grows. The latest last. */
  readonly #heard = new Map<string, number>();
  #suspects: readonly Suspect[] = [];

  setListening(isListening: boolean): void {
    this.#isListening = isListening;
    if (isListening) return;
    this.#heardAll = false;
    this.#suspects = [];
  }

  hear(references: readonly Reference[]): void {
    this.#count++;
    for (const { id } of references) {
      this.#heard.delete(id);
      this.#heard.set(id, this.#count);
    }
    for (const id of this.#heard.keys()) {
      if (this.#heard.size <= mostHeard) break;
      this.#heard.delete(id);
    }
  }

  /** A full run begins. @returns what the last one found and nothing has announced since; and how to end this one */
  begin(): { readonly drift: readonly Subject[]; readonly end: (run: FullRun) => void } {
    const drift = this.#suspects.filter(({ ids }) => !this.#isHeard(ids)).map(({ subject }) => subject);
    const heardAll = this.#heardAll;
    const heardUntil = this.#count;
    this.#suspects = [];
    this.#heardAll = this.#isListening;
    const end = (run: FullRun) => {
      if (heardAll && this.#heardAll)
        this.#suspects = suspectsOf(run).filter(({ ids }) => !this.#isHeard(ids));
      if (!run.isComplete) return;
      for (const [id, at] of this.#heard) if (at <= heardUntil) this.#heard.delete(id);
    };
    return { drift, end };
  }

  #isHeard(ids: ReadonlySet<string>): boolean {
    return [...ids].some((id) => this.#heard.has(id));
  }
}

/** What a full run saw and did. */
export interface FullRun {
  readonly done: readonly Change[];
  /** Describes the object of a change. */
  readonly subjectOf: (change: Change) => Subject;
  /** The portal as we knew it before the run read it. */
  readonly known: PortalSnapshot;
  /** The portal as the run read it. */
  readonly read: PortalIndex;
  /** The root of every stack that Heat listed. */
  readonly rootOfStack: ReadonlyMap<StackId, StackId>;
  /** What was found when each stack's tree was last read. */
  readonly remembered: CloudObservation['remembered'];
  /** Nothing failed, so that nothing is left to be done by a later run. */
  readonly isComplete: boolean;
}

function suspectsOf(run: FullRun): Suspect[] {
  // Most runs change nothing: a large portal is not searched for them.
  if (run.done.length === 0) return [];
  const knownOwners = new Set(run.known.owners.filter(({ projectId }) => projectId).map(({ id }) => id));
  const knownStacks = new Set<string | undefined>(run.known.racks.map(stackOf));
  const knownObjects = new Set<string | undefined>(run.known.devices.map(objectOfDevice));
  const racks = byId(run.known.racks);
  const devices = byId(run.known.devices);
  const stacksOfRoot = Map.groupBy(run.rootOfStack.keys(), (id) => run.rootOfStack.get(id));
  /** Whether the cloud's side, not the portal's, has moved since we last looked. */
  const isOfTheCloud = (change: Change): boolean => {
    switch (change.kind) {
      case 'create-rack':
        return knownOwners.has(change.draft.ownerId) && !knownStacks.has(stackIn(change.draft.metadata));
      case 'create-device':
        return (
          !knownObjects.has(objectOfDevice(change.draft)) && knownStacks.has(stackIn(change.draft.metadata))
        );
      case 'update-rack':
      case 'delete-rack':
        return equal(racks.get(change.rack.id), change.rack);
      case 'update-device':
      case 'replace-device':
      case 'delete-device':
        return equal(devices.get(change.device.id), change.device);
      case 'create-template':
      case 'update-template':
      case 'delete-template':
        return false;
      default:
        return unreachable(change);
    }
  };
  return run.done
    .filter(isOfTheCloud)
    .map((change) => ({ subject: run.subjectOf(change), ids: idsOf(change, run, stacksOfRoot) }));
}

function byId<Id, T extends { readonly id: Id }>(list: readonly T[]): ReadonlyMap<Id, T> {
  return new Map(list.map((item) => [item.id, item]));
}

/** Ids that a notification about the change would name: the stack's tree, and what the device or the whole rack shows. */
function idsOf(
  change: Change,
  { read, remembered }: FullRun,
  stacksOfRoot: ReadonlyMap<StackId | undefined, readonly StackId[]>,
): Set<string> {
  const ids = new Set<string>();
  const metadata = metadataOf(change);
  const root = stackIn(metadata);
  if (root) {
    ids.add(root);
    for (const id of stacksOfRoot.get(root as StackId) ?? []) ids.add(id);
  }
  const object = objectOfDevice({ metadata });
  if (object) ids.add(object);
  if (change.kind !== 'update-rack' && change.kind !== 'delete-rack') return ids;
  const members = remembered.get(root as StackId);
  for (const kind of kinds) for (const id of members?.[collections[kind]] ?? []) ids.add(id);
  for (const device of read.devicesOfRack.get(change.rack.id) ?? []) {
    const id = objectOfDevice(device);
    if (id) ids.add(id);
  }
  return ids;
}

function metadataOf(change: Change): Readonly<Record<string, unknown>> {
  if ('device' in change) return change.device.metadata;
  if ('rack' in change && 'metadata' in change.rack) return change.rack.metadata;
  return 'draft' in change && 'metadata' in change.draft ? change.draft.metadata : {};
}

const stackOf = (rack: PortalSnapshot['racks'][number]) => {
  const source = sourceOfRack(rack);
  return source && keyOfSource(source);
};
const stackIn = (metadata: Readonly<Record<string, unknown>>) => textIn(metadata, metadataKeys.stackId);

function textIn(metadata: Readonly<Record<string, unknown>>, key: string): string | undefined {
  const value = metadata[key];
  return typeof value === 'string' ? value : undefined;
}
