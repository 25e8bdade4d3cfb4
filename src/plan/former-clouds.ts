import type { Device, PortalSnapshot, Rack, Template } from '../concertim/model.ts';
import { collections } from '../openstack/model.ts';
import type { Held } from './change.ts';
import { withoutClaim } from './claims.ts';
import { isOfGoneFlavor } from './flavor-template.ts';
import type { CloudObservation, Evidence } from './observation.ts';
import { metadataKeys, objectOfDevice, sourceOfRack } from './ownership.ts';
import type { PlanSettings } from './plan-settings.ts';
import { because } from './reason.ts';
import { seenOf } from './seen.ts';

/**
 * Rows that name a cloud which is not configured, and show what this cloud has not, are of a cloud that was removed from the configuration:
 * that this one does not find their objects proves nothing. They look as if made by hand, so that they are neither deleted nor
 * counted as missing, until an operator allows deletions.
 */
export function setFormerCloudsAside(
  cloud: CloudObservation,
  portal: PortalSnapshot,
  { clouds, deletions }: Pick<PlanSettings, 'clouds' | 'deletions'>,
): { readonly portal: PortalSnapshot; readonly held: readonly Held[] } {
  const nothing = { portal, held: [] };
  if (!clouds || deletions.allowAll) return nothing;
  const names = new Set<unknown>(clouds);
  const isElsewhere = ({ metadata }: Rack | Device) => {
    const name = metadata[metadataKeys.cloud];
    return name !== undefined && !names.has(name);
  };
  const racks = new Set(portal.racks.filter((rack) => isElsewhere(rack) && !hasStack(rack, cloud)));
  const devices = new Set(
    portal.devices.filter((device) => isElsewhere(device) && !hasObject(device, cloud)),
  );
  const templates = new Set(portal.templates.filter(hasKeyOfCloud));
  if (racks.size + devices.size + templates.size === 0) return nothing;
  const held =
    (kind: Held['kind']) =>
    (row: Rack | Device): Held => {
      const name = String(row.metadata[metadataKeys.cloud]);
      return { kind, id: row.id, name: row.name, ...because('cloud-not-configured', { name }) };
    };
  return {
    portal: {
      ...portal,
      racks: portal.racks.map((rack) => (racks.has(rack) ? withoutClaim(rack) : rack)),
      devices: portal.devices.map((device) => (devices.has(device) ? withoutClaim(device) : device)),
      templates: portal.templates.map((template) =>
        templates.has(template) ? { ...template, foreignId: null } : template,
      ),
    },
    held: [...[...racks].map(held('rack')), ...[...devices].map(held('device'))],
  };
}

/** A colon ends the name of the cloud in the key of a template (cloud-view.ts): no id of a flavor has one. */
function hasKeyOfCloud({ foreignId }: Template): boolean {
  return foreignId !== null && foreignId.includes(':') && !isOfGoneFlavor(foreignId);
}

/** A rack of servers without a stack goes only when it is empty. */
function hasStack(rack: Rack, { projectOfStack, evidence }: CloudObservation): boolean {
  const source = sourceOfRack(rack);
  if (source?.kind !== 'stack') return true;
  return projectOfStack.has(source.stackId) || isKnown(evidence.stacks.get(source.stackId));
}

function hasObject(device: Device, cloud: CloudObservation): boolean {
  const id = objectOfDevice(device);
  if (id === undefined) return true;
  const seen = seenOf(cloud, device.kind);
  return !seen || seen.has(id) || isKnown(cloud.evidence[collections[device.kind]].get(id));
}

/** Whether the cloud has it, or reports its deletion. */
function isKnown(evidence: Evidence | undefined): boolean {
  return evidence === 'exists' || evidence === 'deleted' || evidence === 'nested';
}
