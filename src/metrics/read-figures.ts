import { searchResources } from '../openstack/metric.ts';
import type { Session } from '../openstack/session.ts';
import { type Clock, systemClock } from '../runtime/clock.ts';
import { metersByType } from './definitions.ts';
import { type Figure, figuresOf, type MeasuredResource, type Size } from './figures.ts';
import { MeasureReader, type ReadFailure } from './measure-reader.ts';

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
export interface InstanceFigures {
  /** One for each definition; what is not known says why. */
  readonly figures: readonly Figure[];
  /** What Gnocchi has of the instance: itself, its interfaces and its disks, with their measures. */
  readonly measured: readonly MeasuredResource[];
  /** The projects that these belong to. */
  readonly projects: ReadonlySet<string | null>;
  /** What Gnocchi did not answer. */
  readonly failures: readonly ReadFailure[];
}

/**
 * The newest figures of one instance, from Gnocchi: CPU and memory in percent, network and disks in bytes and operations a
 * second, as the portal is sent them.
 *
 * @throws {OpenStackError} when its resources cannot be listed
 */
export async function readFigures(
  session: Session,
  instanceId: string,
  options: ReadFiguresOptions = {},
): Promise<InstanceFigures> {
  const { size = { vcpus: null, ram: null }, cpuPerVcpu = true, clock = systemClock, signal } = options;
  const reader = new MeasureReader({ session, clock });
  const measured: MeasuredResource[] = [];
  const projects = new Set<string | null>();
  const failures: ReadFailure[] = [];
  for (const type of metersByType.keys()) {
    const resources = await searchResources(session, type, { instanceId }, signal);
    const reading = await reader.read(type, resources, signal);
    for (const { id, projectId } of resources) {
      measured.push({ id, type, series: reading.series.get(id) ?? new Map() });
      projects.add(projectId);
    }
    failures.push(...reading.failures);
  }
  return { figures: figuresOf(measured, size, { cpuPerVcpu }), measured, projects, failures };
}
