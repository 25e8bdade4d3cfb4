import type { Device, TemplateId } from '../concertim/model.ts';
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
  /** Racks that nothing stands in any more. */
  readonly leftovers: Change[];
}

export interface RackPlanContext {
  readonly profile: PortalProfile;
  readonly index: PortalIndex;
  readonly templates: ReadonlyMap<string, PlannedTemplate>;
  /** Devices whose deletion comes first: their names and places are free. */
  readonly leaving: ReadonlyMap<Device, Ground>;
  /** What the brake has refused to take away: it stays where it is, as what it is. */
  readonly kept: ReadonlySet<unknown>;
  /** Flavors that are there, by id. */
  readonly flavors: ReadonlySet<string>;
  /** The flavor of each template of ours. */
  readonly flavorOfTemplate: ReadonlyMap<TemplateId, string>;
  /** Which source's racks a device belongs in: one that stands elsewhere will move there. */
  readonly keyOfDevice: (device: Device) => RackKey | undefined;
  /** Names of the owner's other racks. Grows with each rack that is planned. */
  readonly takenNames: Set<string>;
  /** Of all racks of the portal. */
  readonly orderIds: OrderIds;
  /** Height of a new rack, in units, unless its devices need more. */
  readonly defaultRackHeight: number;
  /** Of racks of stacks that say none. */
  readonly defaultClusterType: string | undefined;
}
