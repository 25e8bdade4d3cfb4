import type { Device, PortalSnapshot, Template } from '../concertim/model.ts';
import { isGone } from './departures.ts';
import type { DesiredState } from './desired-state.ts';
import { isOfGoneFlavor } from './flavor-template.ts';
import type { Ground } from './ground.ts';
import type { CloudObservation } from './observation.ts';
import { isOwnTemplate } from './ownership.ts';

/**
 * Templates of flavors that are gone, or that the mapping leaves out. Never one that a device uses: deleting it would take
 * the devices of all users with it.
 *
 * @param gone devices that are deleted, or recreated from another template
 */
export function departingTemplates(
  {
    cloud,
    desired,
    portal,
    kept,
  }: {
    readonly cloud: CloudObservation;
    readonly desired: Pick<DesiredState, 'templates'>;
    readonly portal: PortalSnapshot;
    readonly kept: ReadonlySet<unknown>;
  },
  gone: ReadonlySet<Device>,
): ReadonlyMap<Template, Ground> {
  const going = new Map<Template, Ground>();
  if (cloud.scope.kind !== 'all') return going;
  const unreadable = new Set<string>(cloud.unreadable.flavors.keys());
  const present = new Set<string>(cloud.flavors.map(({ id }) => id));
  const wanted = new Set(desired.templates.map(({ foreignId }) => foreignId));
  const unwanted = portal.templates
    .filter(isOwnTemplate)
    .filter(
      (template) =>
        !kept.has(template) && !unreadable.has(template.foreignId) && !wanted.has(template.foreignId),
    );
  if (unwanted.length === 0) return going;

  const used = new Set<Device['templateId']>();
  for (const device of portal.devices) if (!gone.has(device)) used.add(device.templateId);
  for (const template of unwanted) {
    if (used.has(template.id)) continue;
    if (present.has(template.foreignId)) going.set(template, 'left out');
    else if (isOfGoneFlavor(template.foreignId)) going.set(template, 'unused');
    else if (isGone(cloud.evidence.flavors.get(template.foreignId))) going.set(template, 'absent');
  }
  return going;
}
