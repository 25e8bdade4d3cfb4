import { CloudDevices } from '../metrics/cloud-devices.ts';
import type { MeasuredCloud } from '../metrics/measured-cloud.ts';
import { templateKeyOf } from '../plan/cloud-view.ts';
import type { Foundation } from './foundation.ts';

/** The clouds whose instances have figures, each with its own devices of the portal. */
export function measuredClouds({ clouds }: Pick<Foundation, 'clouds'>): MeasuredCloud[] {
  const all = clouds.map(({ config }) => config.name);
  return clouds.map(({ config: { name }, session }, at) => {
    const cloud = { name, isFirst: at === 0, all };
    const templateKey = (flavor: string) => templateKeyOf(flavor, cloud);
    return all.length === 1
      ? { name: undefined, session, devicesIn: (list) => list }
      : { name, session, devicesIn: (list) => new CloudDevices(list, { ...cloud, templateKey }) };
  });
}
