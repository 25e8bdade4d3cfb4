import type { Session } from '../openstack/session.ts';
import { type Clock, systemClock } from '../runtime/clock.ts';
import { type Figure, figuresOf, type Size } from './figures.ts';
import { type MeasuredInstance, measureInstance } from './measure-instance.ts';

/** What figures are read by. */
export interface ReadFiguresOptions {
  /** Of the instance's flavor: without its vCPUs and memory, their shares are unknown. */
  readonly size?: Size;
  /** CPU as a share of all vCPUs (0 to 100 %); else the sum over the vCPUs. Default true. */
  readonly cpuPerVcpu?: boolean;
  readonly clock?: Clock;
  readonly signal?: AbortSignal | undefined;
}

/** The figures of an instance, and what they were made from. */
export interface InstanceFigures extends MeasuredInstance {
  /** One for each definition; what is not known says why. */
  readonly figures: readonly Figure[];
}

/**
 * The newest figures of one instance, from Gnocchi: CPU and memory in percent, network and disks in bytes and
 * operations a second, as they are sent to the portal.
 *
 * @throws {OpenStackError} when its resources cannot be listed
 */
export async function readFigures(
  session: Session,
  instanceId: string,
  options: ReadFiguresOptions = {},
): Promise<InstanceFigures> {
  const { size = { vcpus: null, ram: null }, cpuPerVcpu = true, clock = systemClock, signal } = options;
  const instance = await measureInstance(session, instanceId, { clock, signal });
  return { ...instance, figures: figuresOf(instance.measured, size, { cpuPerVcpu }) };
}
