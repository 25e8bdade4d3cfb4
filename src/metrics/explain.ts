import type { DeviceId } from '../concertim/model.ts';
import type { Session as PortalSession } from '../concertim/session.ts';
import { showServer } from '../openstack/compute.ts';
import type { ServerId } from '../openstack/model.ts';
import type { Session as CloudSession } from '../openstack/session.ts';
import type { Clock } from '../runtime/clock.ts';
import { explain, ServiceError } from '../runtime/severity.ts';
import { DeviceList } from './device-list.ts';
import { type Figure, figuresOf, type MeasuredResource, type Size } from './figures.ts';
import { measureInstance } from './measure-instance.ts';
import { listWatchedProjects } from './watched-projects.ts';

/** Why the figures of one instance are what they are: its measures and the result. Times are ms since 1970. */
export interface InstanceExplanation {
  readonly instance: string;
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
    readonly cloud: CloudSession;
    readonly portal: PortalSession;
    readonly clock: Clock;
    readonly cpuPerVcpu: boolean;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<InstanceExplanation> {
  const { cloud, portal, clock, signal } = options;
  const deviceList = new DeviceList({ session: portal, clock });
  const [watched] = await Promise.all([listWatchedProjects(cloud, signal), deviceList.refresh(signal)]);
  const devices = deviceList.devices.filter((device) => device.instanceId === instanceId);
  if (devices.length === 0) await assertServer(cloud, instanceId, signal);
  const { measured, projects, flavorId, failures } = await measureInstance(cloud, instanceId, {
    clock,
    signal,
  });
  const size = (flavorId && deviceList.sizeOf(flavorId)) || devices[0]?.size || { vcpus: null, ram: null };
  return {
    instance: instanceId,
    devices: devices.map(({ id, name, size }) => ({ id, name, size })),
    projects: [...projects].map((id) => ({ id, isWatched: watched.some((each) => each === id) })),
    measured,
    figures: figuresOf(measured, size, options),
    failures: failures.map(({ type, error }) => ({ type, problem: explain(error) })),
  };
}

/** @throws {ServiceError} Nova has no such server */
async function assertServer(cloud: CloudSession, id: string, signal: AbortSignal | undefined): Promise<void> {
  if (await showServer(cloud, id as ServerId, signal)) return;
  throw new ServiceError(`No such server: neither Nova nor a device of the portal has ${id}.`, {
    severity: 'terminal',
    hint: 'Give the id, not the name: `openstack server list --all-projects` shows both.',
  });
}
