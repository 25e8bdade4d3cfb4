import type { Device, OwnerId, TemplateId } from '../concertim/model.ts';
import type { PortalProfile } from '../concertim/profile.ts';
import type { Change } from './change.ts';
import type { Ground } from './ground.ts';
import type { OrderIds } from './order-ids.ts';
import type { RackKey } from './ownership.ts';
import type { PlannedTemplate } from './plan-templates.ts';
import type { PortalIndex } from './portal-index.ts';

/** The changes for the racks of one source, by the phase they belong to. */
export interface RackPlan {
  /** Frees names and places. */
  readonly removals: Change[];
  readonly racks: Change[];
  readonly devices: Change[];
  /** Deletes racks that have become empty. */
  readonly leftovers: Change[];
}

export interface RackPlanContext {
  readonly profile: PortalProfile;
  readonly index: PortalIndex;
  readonly templates: ReadonlyMap<string, PlannedTemplate>;
  /** Devices whose deletion comes first: their names and places are free. */
  readonly leaving: ReadonlyMap<Device, Ground>;
  /** What the brake has refused to remove: it stays unchanged where it is. */
  readonly kept: ReadonlySet<unknown>;
  /** Ids of existing flavors. */
  readonly flavors: ReadonlySet<string>;
  /** The flavor of each template of ours. */
  readonly flavorOfTemplate: ReadonlyMap<TemplateId, string>;
  /** Which source's racks a device belongs in: one that stands elsewhere will move there. */
  readonly keyOfDevice: (device: Device) => RackKey | undefined;
  /** Names of an owner's racks. Each rack that is planned is added. */
  readonly takenNames: (owner: OwnerId) => Set<string>;
  /** Order ids of all racks in the portal. */
  readonly orderIds: OrderIds;
  /** Height of a new rack, in units, unless its devices need more. */
  readonly defaultRackHeight: number;
  /** Cluster type of racks whose stack names none. */
  readonly defaultClusterType: string | undefined;
}
