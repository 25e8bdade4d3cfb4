import type { Brand } from '../runtime/brand.ts';

/** OpenStack's nouns, as far as this service uses them. Ids are opaque texts; times are Heat's and Nova's own ISO texts. */

/** Keystone's id of a project. */
export type ProjectId = Brand<string, 'openstack.ProjectId'>;
/** Keystone's id of a user. */
export type UserId = Brand<string, 'openstack.UserId'>;
/** Keystone's id of a role. */
export type RoleId = Brand<string, 'openstack.RoleId'>;
/** Nova's id of a server. */
export type ServerId = Brand<string, 'openstack.ServerId'>;
/** Nova's id of a flavor: any text. */
export type FlavorId = Brand<string, 'openstack.FlavorId'>;
/** Nova's id of a server group. */
export type ServerGroupId = Brand<string, 'openstack.ServerGroupId'>;
/** Heat's id of a stack. */
export type StackId = Brand<string, 'openstack.StackId'>;
/** Cinder's id of a volume. */
export type VolumeId = Brand<string, 'openstack.VolumeId'>;
/** Neutron's id of a network. */
export type NetworkId = Brand<string, 'openstack.NetworkId'>;

/** The objects that the portal can show as devices, by kind. */
export interface ObjectOfKind {
  readonly server: Server;
  readonly volume: Volume;
  readonly network: Network;
}
/** Whether it is a server, a volume or a network. */
export type Kind = keyof ObjectOfKind;
/** A server, a volume or a network. */
export type CloudObject = ObjectOfKind[Kind];
/** Nova's, Cinder's or Neutron's id. */
export type ObjectId = CloudObject['id'];

/** The plural of each kind, which collections are named by. */
export const collections = {
  server: 'servers',
  volume: 'volumes',
  network: 'networks',
} as const satisfies Record<Kind, string>;
/** The plural of a kind. */
export type Collection = (typeof collections)[Kind];

/** All kinds. */
export const kinds = Object.keys(collections) as readonly Kind[];

/** Compute (Nova): a virtual machine. */
export interface Server {
  readonly kind: 'server';
  readonly id: ServerId;
  readonly name: string;
  readonly projectId: ProjectId;
  /** `OS-EXT-STS:vm_state`: what the machine is, such as `active`. Any text: Nova may learn new ones. */
  readonly vmState: string;
  /** `OS-EXT-STS:task_state`: what is being done to it, such as `powering-off`; null when nothing is. */
  readonly taskState: string | null;
  readonly flavor: ServerFlavor;
  readonly addresses: readonly Address[];
  /** Name of the key pair it was made with; null when without. */
  readonly keyName: string | null;
  readonly volumes: readonly AttachedVolume[];
  /** The root stack, where Nova shows Heat's scheduler hints (microversion 2.100 and `stack_scheduler_hints`). */
  readonly rootStackId: StackId | null;
  readonly createdAt: string;
}

/** How a server names its flavor: by id up to microversion 2.46, by its properties from 2.47 on. */
export type ServerFlavor =
  | { readonly kind: 'id'; readonly id: FlavorId }
  | {
      readonly kind: 'embedded';
      readonly name: string;
      readonly vcpus: number;
      /** MiB */
      readonly ram: number;
      /** GiB */
      readonly disk: number;
    };

/** Network: one address of a server. */
export interface Address {
  readonly network: string;
  readonly address: string;
  readonly version: 4 | 6;
  readonly type: 'fixed' | 'floating';
  readonly mac: string | null;
}

/** Block storage: a volume that a server has. */
export interface AttachedVolume {
  readonly id: VolumeId;
  /** null where the microversion does not say. */
  readonly deleteOnTermination: boolean | null;
}

/** Block storage (Cinder): a volume. */
export interface Volume {
  readonly kind: 'volume';
  readonly id: VolumeId;
  /** Empty for one that was given none. */
  readonly name: string;
  readonly projectId: ProjectId;
  /** Such as `in-use`. Any text: Cinder may learn new ones. */
  readonly status: string;
  /** GiB */
  readonly size: number;
  /** null for one of no type. */
  readonly volumeType: string | null;
  readonly availabilityZone: string | null;
  readonly bootable: boolean;
  readonly encrypted: boolean;
  readonly readOnly: boolean;
  /** The servers it is attached to: several where it is a multi-attach volume. */
  readonly servers: readonly ServerId[];
  /** UTC, with or without a zone designator. */
  readonly createdAt: string;
}

/** Network (Neutron): a network. Fields of an extension are null where Neutron does not have it. */
export interface Network {
  readonly kind: 'network';
  readonly id: NetworkId;
  /** Empty for one that was given none. */
  readonly name: string;
  readonly projectId: ProjectId;
  /** Such as `ACTIVE`. Any text: Neutron may learn new ones. */
  readonly status: string;
  readonly adminStateUp: boolean;
  readonly shared: boolean;
  /** It leads out of the cloud: every project sees it. */
  readonly external: boolean;
  /** Bytes */
  readonly mtu: number | null;
  readonly portSecurityEnabled: boolean | null;
  readonly l2Adjacency: boolean | null;
  readonly dnsDomain: string | null;
  readonly qosPolicyId: string | null;
  readonly createdAt: string | null;
}

/**
 * A list element whose id could be read and nothing else: a server in a cell that is down, or of a shape not known to
 * us. It stays in the list, because dropping it would look like a deletion.
 */
export interface Unreadable<Id> {
  readonly kind: 'unreadable';
  readonly id: Id;
  readonly problem: string;
}

/**
 * Network (Neutron): the external networks, with what is needed to decide whether an address is on one. Nova
 * gives only the name of an address's network, and users may give their own networks the same name.
 */
export interface ExternalNetworks {
  /** Names that only external networks have. */
  readonly names: ReadonlySet<string>;
  /** Names that both external and internal networks have. */
  readonly sharedNames: ReadonlySet<string>;
  /** Fixed addresses, by server, on external networks whose name an internal network has too. */
  readonly addresses: ReadonlyMap<ServerId, ReadonlySet<string>>;
}

/** Compute (Nova): a size of server. */
export interface Flavor {
  readonly id: FlavorId;
  readonly name: string;
  readonly vcpus: number;
  /** MiB */
  readonly ram: number;
  /** GiB */
  readonly disk: number;
}

/** Compute (Nova): servers that are placed together or apart. */
export interface ServerGroup {
  readonly id: ServerGroupId;
  readonly projectId: ProjectId;
  readonly members: readonly ServerId[];
}

/** Orchestration (Heat): a row of the list of stacks, root or nested. */
export interface Stack {
  readonly id: StackId;
  readonly name: string;
  readonly projectId: ProjectId;
  /** The stack that this one is nested in; null for a root. */
  readonly parentId: StackId | null;
  /** `<ACTION>_<RESULT>`, such as `CREATE_COMPLETE`. Any text: Heat may learn new actions. */
  readonly status: string;
  readonly statusReason: string;
  /** Name of the user who made it. */
  readonly owner: string;
  /** `stack_user_project_id`: what the portal knows as the stack's owner id. */
  readonly ownerId: string;
  readonly createdAt: string;
  /** Start of the last action after the creation, to the second; null when there was none. */
  readonly updatedAt: string | null;
}

/** Orchestration (Heat): a stack's outputs in the order of their names, unset ones left out. They may be secret. */
export type StackOutputs = readonly { readonly key: string; readonly value: unknown }[];

/** Orchestration (Heat): the servers that a tree of stacks is made of, at any depth. */
export interface StackServers {
  readonly servers: readonly ServerId[];
  readonly serverGroups: readonly ServerGroupId[];
}

/** Orchestration (Heat): the members of a tree of stacks, of each requested kind. */
export interface StackMembers extends StackServers {
  readonly volumes: readonly VolumeId[];
  readonly networks: readonly NetworkId[];
}

/** The services whose notifications are heard. */
export const announcers = ['compute', 'orchestration', 'block-storage', 'network'] as const;
/** A service that announces what has changed in it. */
export type Announcer = (typeof announcers)[number];

/** A hint that something of the cloud has changed. It carries no truth: what it names is looked at again. */
export type Reference = ObjectReference | FloatingIpReference;

/** Neutron: a floating IP was associated with a server, or disassociated. */
export interface FloatingIpReference extends ReferenceTo<'floating-ip', string> {
  /** The server that it now leads to; undefined: none, or not known. */
  readonly serverId: ServerId | undefined;
}

/** An object whose state the portal shows. */
export type ObjectReference =
  | { readonly [K in Kind]: ReferenceTo<K, ObjectOfKind[K]['id']> }[Kind]
  /** Root or nested. */
  | ReferenceTo<'stack', StackId>;

interface ReferenceTo<What extends string, Id> {
  readonly kind: What;
  /** For a floating IP, its address. */
  readonly id: Id;
  readonly projectId: ProjectId | undefined;
  /** The notification announced its deletion. */
  readonly deleted: boolean;
}
