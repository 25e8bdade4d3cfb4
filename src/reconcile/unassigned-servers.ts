import type { Server, ServerId, Unreadable } from '../openstack/model.ts';
import { membersOf } from '../plan/membership.ts';
import type { CloudObservation, StackTree } from '../plan/observation.ts';
import { sourceOfRack } from '../plan/ownership.ts';
import type { PortalIndex } from '../plan/portal-index.ts';
import { ageOf, type Clock } from '../runtime/clock.ts';
import { onceFor } from '../runtime/once-for.ts';

/** After the first look; twice as long after each further one. */
const firstWaitMs = 120_000;
const longestWaitMs = 6 * 3_600_000;
/** Two requests each. Those of other projects wait for the next run. */
const mostTrees = 50;

/**
 * Servers that no stack has, as far as is known. Most of them belong to none; but a tree that was read while Heat left out
 * half of it is remembered like that until it changes. So a project's remembered trees are read again when it has such a
 * server: soon at first, and ever more seldom.
 */
export class UnassignedServers {
  readonly #clock: Clock;
  readonly #looks = new Map<ServerId, { readonly at: number; readonly waitMs: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The trees, not read in this run, that a server may be in after all. */
  doubtfulTrees(
    servers: ReadonlyMap<ServerId, Server | Unreadable<ServerId>>,
    trees: readonly StackTree[],
    remembered: CloudObservation['remembered'],
    index: PortalIndex,
  ): StackTree[] {
    for (const id of this.#looks.keys()) if (!servers.has(id)) this.#looks.delete(id);
    const now = this.#clock.now();
    const isDue = ({ id }: Server) => {
      const last = this.#looks.get(id);
      return !last || ageOf(last.at, now) >= last.waitMs;
    };
    const due = unassigned(servers, trees, remembered, index).filter(isDue);
    const doubtful: StackTree[] = [];
    for (const [project, ofProject] of Map.groupBy(due, ({ projectId }) => projectId)) {
      const unread = trees.filter(({ root, content }) => root.projectId === project && !content);
      if (doubtful.length > 0 && doubtful.length + unread.length > mostTrees) continue;
      doubtful.push(...unread);
      for (const { id } of ofProject) this.#note(id, now);
    }
    return doubtful;
  }

  #note(id: ServerId, now: number): void {
    const before = this.#looks.get(id);
    const waitMs = before ? Math.min(before.waitMs * 2, longestWaitMs) : firstWaitMs;
    this.#looks.set(id, { at: now, waitMs });
  }
}

const unassigned = onceFor(
  (
    servers: ReadonlyMap<ServerId, Server | Unreadable<ServerId>>,
    trees: readonly StackTree[],
    remembered: CloudObservation['remembered'],
    index: PortalIndex,
  ): readonly Server[] => {
    const members = new Set<string>();
    for (const tree of trees)
      for (const id of membersOf(tree, { remembered })?.servers ?? []) members.add(id);
    const found: Server[] = [];
    for (const server of servers.values()) {
      if (server.kind !== 'server' || server.rootStackId !== null || members.has(server.id)) continue;
      if (index.ownerOfProject.has(server.projectId) && !standsInRackOfStack(server.id, index))
        found.push(server);
    }
    return found;
  },
);

function standsInRackOfStack(id: ServerId, index: PortalIndex): boolean {
  return (index.devicesOf.server.get(id) ?? []).some(({ location }) => {
    const rack = location && index.racks.get(location.rackId);
    return rack !== undefined && rack !== null && sourceOfRack(rack)?.kind === 'stack';
  });
}
