import type {
  Collection,
  ExternalNetworks,
  Flavor,
  FlavorId,
  Kind,
  ObjectId,
  ObjectOfKind,
  ProjectId,
  ServerGroup,
  ServerGroupId,
  Stack,
  StackId,
  StackMembers,
  StackOutputs,
  Unreadable,
} from '../openstack/model.ts';
import type { Costs } from './costs.ts';
import type { RackKey } from './ownership.ts';

/** What a run is about: everything, or some stacks and objects. Nothing outside of it is touched. */
export type Scope =
  | { readonly kind: 'all' }
  | ({
      readonly kind: 'some';
      readonly racks: ReadonlySet<RackKey>;
    } & Readonly<Record<Collection, ReadonlySet<ObjectId>>>);

/** The objects of one kind, by id. */
export type Listed<K extends Kind> = ReadonlyMap<
  ObjectOfKind[K]['id'],
  ObjectOfKind[K] | Unreadable<ObjectOfKind[K]['id']>
>;

/** A root stack with what is known of the tree under it. */
export interface StackTree {
  readonly root: Stack;
  readonly revision: TreeRevision;
  /** undefined: not read, because it is remembered at this very revision, or because it could not be. */
  readonly content?: StackMembers & {
    readonly outputs: StackOutputs;
    /** The parameters of the stack's creation or last update; undefined: not read. */
    readonly parameters?: Readonly<Record<string, unknown>>;
  };
}

/** What was found when a tree was last read, in this run or an earlier one. */
export interface RememberedTree extends StackMembers {
  /** By its id; undefined: the stack names none. */
  readonly clusterType: string | undefined;
}

/** The state of a whole tree of stacks as a text: another text, another content. */
export interface TreeRevision {
  readonly text: string;
  /** False while the content may still change under the same text. */
  readonly settled: boolean;
}

/**
 * What the cloud answered when it was queried by id for an object that the portal has and the lists left out.
 *
 * - `deleted`: it says so itself (Heat's DELETE_COMPLETE, a deleted row of Nova's, a `delete.end`)
 * - `not-found`: it knows no such id
 * - `nested`: it is a part of another stack, whose rack shows what is in it
 * - `disputed`: not found, but no list confirms that, or another service still has it
 * - `hidden`: not found, but the service hides the objects of other projects from this account and would say so of any
 * - `exists`: the list was wrong
 * - `unknown`: the query failed, or was not made
 */
export type Evidence = 'deleted' | 'not-found' | 'nested' | 'disputed' | 'hidden' | 'exists' | 'unknown';

/**
 * The cloud as one run saw it: whole within its scope, or it would not be here. What could not be seen is named, and
 * what is not named and not there is absent.
 */
export interface CloudObservation {
  readonly scope: Scope;
  readonly servers: Listed<'server'>;
  /** undefined: not observed, because portal or cloud do not have this kind; what the portal shows of it stays. */
  readonly volumes: Listed<'volume'> | undefined;
  /** The same for networks. */
  readonly networks: Listed<'network'> | undefined;
  readonly trees: readonly StackTree[];
  /** By root, without stacks that were never read. Where `trees` has content, that is newer and counts. */
  readonly remembered: ReadonlyMap<StackId, RememberedTree>;
  /** The project of every stack that was listed, root or nested, shown or not. */
  readonly projectOfStack: ReadonlyMap<StackId, ProjectId>;
  /** Listed objects that could not be read apart from the id, with the problem. They exist, and the portal keeps what it shows of them. */
  readonly unreadable: {
    readonly stacks: ReadonlyMap<StackId, string>;
    readonly flavors: ReadonlyMap<FlavorId, string>;
    readonly serverGroups: ReadonlyMap<ServerGroupId, string>;
  };
  readonly serverGroups: readonly ServerGroup[];
  readonly flavors: readonly Flavor[];
  /** undefined: not read, or the cloud has none. */
  readonly costs?: Costs | undefined;
  /** The order that each stack is billed under; undefined: not read. */
  readonly orders?: ReadonlyMap<StackId, string> | undefined;
  /** Those whose fixed addresses the world can reach. */
  readonly externalNetworks: ExternalNetworks;
  /** Projects whose stacks could not be listed, with the reason. */
  readonly unobserved: ReadonlyMap<ProjectId, string>;
  readonly evidence: {
    readonly stacks: ReadonlyMap<StackId, Evidence>;
    readonly flavors: ReadonlyMap<string, Evidence>;
  } & Readonly<Record<Collection, ReadonlyMap<ObjectId, Evidence>>>;
}
