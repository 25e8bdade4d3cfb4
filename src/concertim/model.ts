import type { Brand } from '../runtime/brand.ts';
import type { PortalProfile } from './profile.ts';
import type { DeviceKind, DeviceStatus, RackStatus } from './statuses.ts';

/**
 * Concertim's nouns. Ids are numbers in the portals of 2023 and UUID texts in those of 2024; nothing here looks inside them.
 *
 * What a release does not show of an object is undefined, and never compared: see profile.ts.
 */

/** Id of a user. */
export type UserId = Brand<number | string, 'concertim.UserId'>;
/** Id of the owner of racks: a user or a team, depending on the release. */
export type OwnerId = Brand<number | string, 'concertim.OwnerId'>;
/** Id of a rack. */
export type RackId = Brand<number | string, 'concertim.RackId'>;
/** Id of a device. */
export type DeviceId = Brand<number | string, 'concertim.DeviceId'>;
/** Id of a template. */
export type TemplateId = Brand<number | string, 'concertim.TemplateId'>;

/** Metadata and details are JSON objects. The portal replaces them whole and gives their keys back in another order. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Somebody who can sign in to the portal. */
export interface User {
  readonly id: UserId;
  readonly login: string;
  /** A super-user: sees everything, has no project. */
  readonly root: boolean;
  /** Keystone's id without dashes; null when not known or root. */
  readonly cloudUserId: string | null;
  /** Keystone's project id; null when there is none (never an empty text), as in releases with teams. */
  readonly projectId: string | null;
  /** About to be deleted, together with the project. */
  readonly leaving: boolean;
  /** The teams that the user is in; none in releases without teams. */
  readonly teamIds: readonly Team['id'][];
  readonly account: OwnerAccount;
}

/** Several people who share a project. */
export interface Team {
  readonly id: Brand<number | string, 'concertim.TeamId'>;
  /** May have spaces. */
  readonly name: string;
  readonly projectId: string | null;
  readonly account: OwnerAccount;
}

/** The owner of racks. */
export interface Owner {
  readonly kind: 'user' | 'team';
  readonly id: OwnerId;
  /** The login of a user, the name of a team. */
  readonly name: string;
  /** Keystone's project id; null when there is none. */
  readonly projectId: string | null;
  /** About to be deleted: keeps its present racks, and gets no new ones. */
  readonly leaving: boolean;
  readonly account: OwnerAccount;
}

/** What the portal shows of an owner's money; undefined: this release does not show it. */
export interface OwnerAccount {
  /** Id of the account at the billing platform; null: none. */
  readonly billingAccountId: string | null | undefined;
  /** Cost in this billing period, in the currency of the billing platform. */
  readonly cost: number | undefined;
  /** May be negative. */
  readonly credits: number | undefined;
  /** Two days as YYYY-MM-DD; null: none. */
  readonly billingPeriod: { readonly start: string; readonly end: string } | null | undefined;
}

/** Fields of an owner that can be changed, as far as the release has them. */
export interface OwnerPatch {
  readonly projectId?: string;
  readonly billingAccountId?: string;
  readonly cost?: number;
  readonly credits?: number;
  readonly billingPeriod?: { readonly start: string; readonly end: string };
}

/** What the portal shows of a stack. */
export interface Rack {
  readonly id: RackId;
  readonly ownerId: OwnerId;
  readonly name: string;
  /** In rack units, 1 to 72. */
  readonly height: number;
  readonly status: RackStatus;
  /** `key=value, key2=value2`; null when it was never set. */
  readonly creationOutput: string | null | undefined;
  readonly networkDetails: JsonObject | undefined;
  readonly metadata: JsonObject;
  /** Unique over all racks. */
  readonly orderId?: string | undefined;
  /** Rounded to two decimals. */
  readonly cost?: number | undefined;
}

/** What the portal shows of a server, a volume or a network. */
export type Device = DeviceBase & (Shown<ComputeDetails> | Shown<VolumeDetails> | Shown<NetworkDetails>);

/** Details as the release shows them; null: not known, undefined: not shown. */
type Shown<Details extends { kind: DeviceKind }> = Pick<Details, 'kind'> & {
  readonly [Key in Exclude<keyof Details, 'kind'>]: Details[Key] | null | undefined;
};

/** Fields that devices of every kind have. */
export interface DeviceBase {
  readonly id: DeviceId;
  readonly name: string;
  readonly description: string | null;
  readonly status: DeviceStatus;
  /** null for the rare device that stands in no rack. */
  readonly location: Location | null;
  readonly templateId: TemplateId | undefined;
  readonly metadata: JsonObject;
  /** Rounded to two decimals. */
  readonly cost?: number | undefined;
  /** The release's name for the kind, from the type of the device or of its details; undefined: it has none. */
  readonly type?: string | undefined;
}

/** Details of a device that shows a server. */
export interface ComputeDetails {
  readonly kind: 'server';
  readonly publicIps: string;
  readonly privateIps: string;
  readonly sshKey: string;
  readonly loginUser: string;
  readonly volumeDetails: JsonObject;
}

/** Details of a device that shows a volume; null: not known. */
export interface VolumeDetails {
  readonly kind: 'volume';
  readonly availabilityZone: string | null;
  readonly bootable: boolean | null;
  readonly encrypted: boolean | null;
  readonly readOnly: boolean | null;
  /** GiB */
  readonly size: number | null;
  readonly volumeType: string | null;
}

/** Details of a device that shows a network; null: not known. */
export interface NetworkDetails {
  readonly kind: 'network';
  readonly adminStateUp: boolean | null;
  readonly dnsDomain: string | null;
  readonly l2Adjacency: boolean | null;
  readonly mtu: number | null;
  readonly portSecurityEnabled: boolean | null;
  /** The policy's id. */
  readonly qosPolicy: string | null;
  readonly shared: boolean | null;
}

/** Where a device stands. */
export interface Location {
  readonly rackId: RackId;
  /** Lowest unit it covers, from 1 at the bottom. */
  readonly startU: number;
  /** Highest unit it covers. */
  readonly endU: number;
  readonly facing: 'f' | 'b';
}

/** What the portal shows of a flavor: what devices are made from. */
export interface Template {
  readonly id: TemplateId;
  readonly name: string;
  readonly description: string | null;
  /** In rack units. Cannot be changed. */
  readonly height: number;
  /** The flavor's id; null for templates that are not of the cloud. */
  readonly foreignId: string | null;
  readonly vcpus: number | null;
  /** MiB */
  readonly ram: number | null;
  /** GiB */
  readonly disk: number | null;
  /** `network` or `volume`: the template of that kind, which comes with the portal. null: the template of a flavor. */
  readonly tag?: string | null | undefined;
}

/** What a rack is made from. */
export interface RackDraft {
  readonly ownerId: OwnerId;
  readonly name: string;
  readonly height: number;
  readonly status: RackStatus;
  readonly creationOutput: string;
  readonly networkDetails: JsonObject;
  readonly metadata: JsonObject;
  /** Unique over all racks: the id of the billing platform's order, or one that this service makes up. */
  readonly orderId: string;
  /** When the stack was created, ISO 8601. It cannot be changed later. */
  readonly createdAt: string;
  /** Id of a cluster type that the portal knows; undefined: the stack names none. It cannot be changed later. */
  readonly clusterType: string | undefined;
}

/** What of a rack can be changed. Objects are replaced whole. */
export type RackPatch = Partial<
  Omit<RackDraft, 'ownerId' | 'createdAt' | 'clusterType'> & { readonly cost: number }
>;

/** What a device is made from. */
export type DeviceDraft = DeviceContent & {
  readonly templateId: TemplateId;
  readonly location: { readonly rackId: RackId; readonly startU: number; readonly facing: 'f' | 'b' };
};

/** The fields of a device, except its place. */
export type DeviceContent = ContentBase & (ComputeDetails | VolumeDetails | NetworkDetails);

interface ContentBase {
  readonly name: string;
  readonly description: string;
  readonly status: DeviceStatus;
  readonly metadata: JsonObject;
  /** When the cloud object was made, ISO 8601. */
  readonly createdAt: string;
}

/** Fields of a device that can be changed, which excludes kind, template and rack. Nested objects are replaced whole. */
export type DevicePatch = Partial<
  Omit<ContentBase, 'createdAt'> &
    Omit<ComputeDetails, 'kind'> &
    Omit<VolumeDetails, 'kind'> &
    Omit<NetworkDetails, 'kind'> & { readonly cost: number }
>;

/** What a template is made from. */
export interface TemplateDraft {
  readonly name: string;
  readonly description: string;
  readonly height: number;
  /** Id of the flavor; null for templates of networks and volumes. */
  readonly foreignId: string | null;
  readonly vcpus: number | null;
  readonly ram: number | null;
  readonly disk: number | null;
  /** Set for networks and volumes, which have one template each. */
  readonly tag?: 'network' | 'volume' | undefined;
}

/** Fields of a template that can be changed, which excludes height and tag. */
export type TemplatePatch = Partial<Omit<TemplateDraft, 'height' | 'tag'>>;

/**
 * A row of one of the portal's lists in which a field that decisions depend on is missing or has an unexpected value, with the
 * fields that can be read. What it shows is not known, so it is never changed or deleted, and what it may be is not created again.
 */
export interface UnreadableRow {
  readonly kind: 'unreadable';
  readonly object: 'user' | 'team' | 'rack' | 'device' | 'template';
  /** What is wrong with it: the field, and what was expected. */
  readonly problem: string;
  readonly id: number | string | undefined;
  readonly name: string | undefined;
  readonly metadata: JsonObject | undefined;
  /** Owner of a rack. */
  readonly ownerId: OwnerId | undefined;
  /** Rack of a device; null: it stands in none. */
  readonly rackId: RackId | null | undefined;
  /** Place of a device in a rack; undefined also if only its rack is known. */
  readonly location: Location | undefined;
  /** Template of a device. */
  readonly templateId: TemplateId | undefined;
  /** Flavor of a template. */
  readonly foreignId: string | null | undefined;
}

/** The rows of one of the portal's lists. */
export interface Rows<Row> {
  readonly rows: Row[];
  readonly unreadable: UnreadableRow[];
}

/** The portal's whole state at one moment. */
export interface PortalSnapshot {
  /** How this portal's release differs from others. */
  readonly profile: PortalProfile;
  readonly owners: readonly Owner[];
  readonly racks: readonly Rack[];
  readonly devices: readonly Device[];
  readonly templates: readonly Template[];
  /** Default: none. */
  readonly unreadable?: readonly UnreadableRow[];
}
