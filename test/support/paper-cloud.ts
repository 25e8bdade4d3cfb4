import type { PortalSnapshot } from '../../src/concertim/model.ts';
import type {
  CloudObject,
  ExternalNetworks,
  Flavor,
  Network,
  ObjectId,
  ProjectId,
  Server,
  ServerGroup,
  ServerId,
  Stack,
  StackId,
  StackMembers,
  StackOutputs,
  Unreadable,
  Volume,
} from '../../src/openstack/model.ts';
import { absentees } from '../../src/plan/absentees.ts';
import { noProjectsKnown, settleClaims } from '../../src/plan/claims.ts';
import type { CloudObservation, Evidence, StackTree } from '../../src/plan/observation.ts';
import { indexPortal } from '../../src/plan/portal-index.ts';
import { shownKinds } from '../../src/plan/shown-kinds.ts';
import { isKnown, isShown } from '../../src/reconcile/stack-trees.ts';
import { TreeMemory } from '../../src/reconcile/tree-memory.ts';

/** Whether a list shows an object; one that it leaves out exists, which the cloud may be unable to say. */
export type Listing = 'listed' | 'left out' | 'left out, no answer';

/** An object beside servers. */
interface PaperObject<T extends CloudObject> {
  readonly object: T | Unreadable<T['id']>;
  readonly listing: Listing;
}

/** The truth about a cloud, and how much of it can be seen. */
export interface PaperCloud {
  readonly servers: readonly {
    readonly server: Server | Unreadable<ServerId>;
    readonly listing: Listing;
  }[];
  readonly volumes: readonly PaperObject<Volume>[];
  readonly networks: readonly PaperObject<Network>[];
  /** False: the cloud has no Cinder, or no Neutron, in this moment. */
  readonly hasService: Readonly<Record<'volumes' | 'networks', boolean>>;
  readonly stacks: readonly {
    readonly root: Stack;
    readonly content: StackMembers & { readonly outputs: StackOutputs };
    readonly listing: Listing;
    /** False: Heat fails whenever it is asked what the tree is made of. */
    readonly readable: boolean;
    readonly settled: boolean;
  }[];
  readonly serverGroups: readonly ServerGroup[];
  readonly flavors: readonly Flavor[];
  readonly externalNetworks: ExternalNetworks;
  readonly unobserved: ReadonlySet<ProjectId>;
  /** Of what is gone: whether the cloud still knows that it was there. */
  readonly wasDeleted: (id: string) => boolean;
}

/**
 * What a run sees of such a cloud: its lists, the trees that are not known from an earlier run, and an answer for each object
 * that the portal has and the lists have not.
 */
export function observe(
  cloud: PaperCloud,
  portal: PortalSnapshot,
  memory: TreeMemory = new TreeMemory(),
): CloudObservation {
  const projectOfStack = new Map(cloud.stacks.map(({ root }) => [root.id, root.projectId]));
  const known = { ...noProjectsKnown, ofStack: (id: StackId) => projectOfStack.get(id) };
  const index = indexPortal(settleClaims(portal, known).portal);
  const servers = new Map(cloud.servers.filter(isListed).map(({ server }) => [server.id, server] as const));
  const stacks = cloud.stacks.filter(
    (stack) => isListed(stack) && !cloud.unobserved.has(stack.root.projectId),
  );
  const trees = stacks.flatMap(({ root, content, readable, settled }): StackTree[] => {
    const tree = { root, revision: { text: JSON.stringify([root.status, content]), settled } };
    if (!isShown(tree, index)) return [];
    if (isKnown(tree, index, memory)) return [tree];
    if (readable) {
      memory.note(tree, content);
      return [{ ...tree, content }];
    }
    return index.racksOfSource.has(root.id as never) ? [tree] : [];
  });
  const kinds = shownKinds(portal.profile);
  const volumes = kinds.includes('volume') && cloud.hasService.volumes ? listed(cloud.volumes) : undefined;
  const networks =
    kinds.includes('network') && cloud.hasService.networks ? listed(cloud.networks) : undefined;
  const lists = {
    servers,
    volumes,
    networks,
    roots: new Set(stacks.map(({ root }) => root.id)),
    flavors: cloud.flavors,
  };
  const absent = absentees(lists, portal, index);

  const listings = new Map<string, Listing>();
  for (const { server, listing } of cloud.servers) listings.set(server.id, listing);
  for (const { object, listing } of [...cloud.volumes, ...cloud.networks]) listings.set(object.id, listing);
  for (const { root, listing } of cloud.stacks) {
    listings.set(root.id, cloud.unobserved.has(root.projectId) ? 'left out, no answer' : listing);
  }
  const evidence = (id: string): Evidence => {
    const listing = listings.get(id);
    if (listing === undefined) return cloud.wasDeleted(id) ? 'deleted' : 'not-found';
    return listing === 'left out, no answer' ? 'unknown' : 'exists';
  };
  return {
    scope: { kind: 'all' },
    servers,
    volumes,
    networks,
    trees,
    remembered: new Map(memory.trees),
    projectOfStack: new Map(stacks.map(({ root }) => [root.id, root.projectId])),
    unreadable: { stacks: new Map(), flavors: new Map(), serverGroups: new Map() },
    serverGroups: cloud.serverGroups,
    flavors: cloud.flavors,
    externalNetworks: cloud.externalNetworks,
    unobserved: new Map([...cloud.unobserved].map((project) => [project, 'Heat answered 503'])),
    evidence: {
      servers: new Map(absent.servers.map(({ id }) => [id, evidence(id)])),
      volumes: new Map(absent.volumes.map(({ id }) => [id, evidence(id)])),
      networks: new Map(absent.networks.map(({ id }) => [id, evidence(id)])),
      stacks: new Map(absent.stacks.map(({ id }): [StackId, Evidence] => [id, evidence(id)])),
      flavors: new Map(absent.flavors.map((id) => [id, 'not-found'])),
    },
  };
}

function isListed({ listing }: { readonly listing: Listing }): boolean {
  return listing === 'listed';
}

function listed<T extends CloudObject>(
  objects: readonly PaperObject<T>[],
): Map<ObjectId & T['id'], T | Unreadable<T['id']>> {
  return new Map(objects.filter(isListed).map(({ object }) => [object.id as ObjectId & T['id'], object]));
}
