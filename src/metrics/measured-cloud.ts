import type { Session } from '../openstack/session.ts';
import type { DeviceSource } from './cloud-devices.ts';
import type { DeviceList } from './device-list.ts';

/** A cloud whose instances have figures. */
export interface MeasuredCloud {
  /** undefined: it is the only one. */
  readonly name: string | undefined;
  readonly session: Session;
  /** Its own of the devices that the portal lists. */
  readonly devicesIn: (list: DeviceList) => DeviceSource;
}
