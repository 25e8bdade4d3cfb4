import type { Brand } from '../runtime/brand.ts';

/**
 * Concertim's nouns. Ids are numbers in the portal of 2023 (generation A) and UUID texts in that of 2024 (B); nothing
 * here looks inside them.
 */

/** Id of a user. */
export type UserId = Brand<number | string, 'concertim.UserId'>;
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
  /** Keystone's project id; null when there is none (never an empty text). */
  readonly projectId: string | null;
}

/** What a rack can be. */
export const rackStatuses = ['IN_PROGRESS', 'FAILED', 'ACTIVE', 'STOPPED'] as const;
/** What a rack is. */
export type RackStatus = (typeof rackStatuses)[number];

/** What a device can be. */
export const deviceStatuses = [...rackStatuses, 'SUSPENDED'] as const;
/** What a device is. */
export type DeviceStatus = (typeof deviceStatuses)[number];

/** What the portal shows of a stack. */
export interface Rack {
  readonly id: RackId;
  readonly ownerId: UserId;
  readonly name: string;
  /** In rack units, 1 to 72. */
  readonly height: number;
  readonly status: RackStatus;
  /** `key=value, key2=value2`; null when it was never set. */
  readonly creationOutput: string | null;
  readonly networkDetails: JsonObject;
  readonly metadata: JsonObject;
}

/** What the portal shows of a server. */
export interface Device {
  readonly id: DeviceId;
  readonly name: string;
  readonly description: string | null;
  readonly status: DeviceStatus;
  /** null for the rare device that stands in no rack. */
  readonly location: Location | null;
  readonly templateId: TemplateId;
  readonly publicIps: string | null;
  readonly privateIps: string | null;
  readonly sshKey: string | null;
  readonly loginUser: string | null;
  readonly volumeDetails: JsonObject;
  readonly metadata: JsonObject;
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
}

/** What a rack is made from. */
export interface RackDraft {
  readonly ownerId: UserId;
  readonly name: string;
  readonly height: number;
  readonly status: RackStatus;
  readonly creationOutput: string;
  readonly networkDetails: JsonObject;
  readonly metadata: JsonObject;
}

/** What of a rack can be changed. Objects are replaced whole. */
export type RackPatch = Partial<Omit<RackDraft, 'ownerId'>>;

/** What a device is made from. */
export interface DeviceDraft {
  readonly templateId: TemplateId;
  readonly name: string;
  readonly description: string;
  readonly status: DeviceStatus;
  readonly location: { readonly rackId: RackId; readonly startU: number; readonly facing: 'f' | 'b' };
  readonly publicIps: string;
  readonly privateIps: string;
  readonly sshKey: string;
  readonly loginUser: string;
  readonly volumeDetails: JsonObject;
  readonly metadata: JsonObject;
}

/** What of a device can be changed: neither its template nor its rack. Objects are replaced whole. */
export type DevicePatch = Partial<Omit<DeviceDraft, 'templateId' | 'location'>>;

/** What a template is made from. */
export interface TemplateDraft {
  readonly name: string;
  readonly description: string;
  readonly height: number;
  readonly foreignId: string;
  readonly vcpus: number | null;
  readonly ram: number | null;
  readonly disk: number | null;
}

/** What of a template can be changed: not its height. */
export type TemplatePatch = Partial<Omit<TemplateDraft, 'height'>>;

/** The portal's whole state at one moment. */
export interface PortalSnapshot {
  readonly users: readonly User[];
  readonly racks: readonly Rack[];
  readonly devices: readonly Device[];
  readonly templates: readonly Template[];
}
