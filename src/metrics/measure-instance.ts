import { searchResources } from '../openstack/metric.ts';
import type { Session } from '../openstack/session.ts';
import type { Clock } from '../runtime/clock.ts';
import { metersByType } from './definitions.ts';
import type { MeasuredResource } from './figures.ts';
import { MeasureReader, type ReadFailure } from './measure-reader.ts';

/** What Gnocchi has of one instance. */
export interface MeasuredInstance {
  /** Itself, its interfaces and its disks, with their measures. */
  readonly measured: readonly MeasuredResource[];
  /** The projects that these belong to. */
  readonly projects: ReadonlySet<string | null>;
  /** Nova's id of its flavor; undefined: Gnocchi does not have it. */
  readonly flavorId: string | undefined;
  /** What Gnocchi did not answer. */
  readonly failures: readonly ReadFailure[];
}

/** @throws {OpenStackError} when its resources cannot be listed */
export async function measureInstance(
  session: Session,
  instanceId: string,
  { clock, signal }: { readonly clock: Clock; readonly signal?: AbortSignal | undefined },
): Promise<MeasuredInstance> {
  const reader = new MeasureReader({ session, clock });
  const measured: MeasuredResource[] = [];
  const projects = new Set<string | null>();
  const failures: ReadFailure[] = [];
  let flavor: string | undefined;
  for (const type of metersByType.keys()) {
    const resources = await searchResources(session, type, { instanceId }, signal);
    const reading = await reader.read(type, resources, signal);
    for (const { id, projectId, flavorId } of resources) {
      measured.push({ id, type, series: reading.series.get(id) ?? new Map() });
      projects.add(projectId);
      flavor ??= flavorId ?? undefined;
    }
    failures.push(...reading.failures);
  }
  return { measured, projects, flavorId: flavor, failures };
}
