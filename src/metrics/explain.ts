import type { DeviceId } from '../concertim/model.ts';
import type { Session as PortalSession } from '../concertim/session.ts';
import { showServer } from '../openstack/compute.ts';
import type { ServerId } from '../openstack/model.ts';
import type { Clock } from '../runtime/clock.ts';
import { explain, ServiceError } from '../runtime/severity.ts';
import { DeviceList } from './device-list.ts';
import { type Figure, figuresOf, type MeasuredResource, type Size } from './figures.ts';
import { measureInstance } from './measure-instance.ts';
import type { MeasuredCloud } from './measured-cloud.ts';
import { listWatchedProjects } from './watched-projects.ts';

/** Why the figures of one instance are what they are: its measures and the result. Times are ms since 1970. */
export interface InstanceExplanation {
  readonly instance: string;
  /** Where its measures were read; undefined: there is one cloud only. */
  readonly cloud: string | undefined;
  /** Devices of the portal that show it; without any, nothing is sent. */
  readonly devices: readonly { readonly id: DeviceId; readonly name: string; readonly size: Size }[];
  /** Projects that its measures belong to; of one that is not watched nothing is sent. */
  readonly projects: readonly { readonly id: string | null; readonly isWatched: boolean }[];
  readonly measured: readonly MeasuredResource[];
  readonly figures: readonly Figure[];
  /** What Gnocchi did not answer. */
  readonly failures: readonly { readonly type: string; readonly problem: string }[];
}

/**
 * Reads an instance's measures and computes its figures, as a cycle does. Sends nothing.
 *
 * @throws {ServiceError} neither the portal nor Nova has it
 */
export async function explainInstance(
  instanceId: string,
  options: {
    readonly clouds: readonly MeasuredCloud[];
    readonly portal: PortalSession;
    readonly clock: Clock;
    readonly cpuPerVcpu: boolean;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<InstanceExplanation> {
  const { clouds, portal, clock, signal } = options;
  const list = new DeviceList({ session: portal, clock });
  await list.refresh(signal);
  const cloud =
    clouds.find(({ devicesIn }) =>
      devicesIn(list).devices.some((device) => device.instanceId === instanceId),
    ) ?? (await cloudOfServer(clouds, instanceId, signal));
  const { session, devicesIn } = cloud;
  const deviceList = devicesIn(list);
  const devices = deviceList.devices.filter((device) => device.instanceId === instanceId);
  const [watched, { measured, projects, flavorId, failures }] = await Promise.all([
    listWatchedProjects(session, signal),
    measureInstance(session, instanceId, { clock, signal }),
  ]);
  const size = (flavorId && deviceList.sizeOf(flavorId)) || devices[0]?.size || { vcpus: null, ram: null };
  return {
    instance: instanceId,
    cloud: cloud.name,
    devices: devices.map(({ id, name, size }) => ({ id, name, size })),
    projects: [...projects].map((id) => ({ id, isWatched: watched.some((each) => each === id) })),
    measured,
    figures: figuresOf(measured, size, options),
    failures: failures.map(({ type, error }) => ({ type, problem: explain(error) })),
  };
}

/** @throws {ServiceError} no Nova has such a server; or one that may have it does not answer */
async function cloudOfServer(
  clouds: readonly MeasuredCloud[],
  id: string,
  signal: AbortSignal | undefined,
): Promise<MeasuredCloud> {
  const answers = await Promise.allSettled(
    clouds.map(({ session }) => showServer(session, id as ServerId, signal)),
  );
  const cloud = clouds.find((_, at) => answers[at]?.status === 'fulfilled' && answers[at].value);
  if (cloud) return cloud;
  for (const answer of answers) if (answer.status === 'rejected') throw answer.reason;
  throw new ServiceError(`No such server: neither Nova nor a device of the portal has ${id}.`, {
    severity: 'terminal',
    hint: 'Give the id, not the name: `openstack server list --all-projects` shows both.',
  });
}
