import type { Session as PortalSession } from '../concertim/session.ts';
import { showServer } from '../openstack/compute.ts';
import type { ServerId } from '../openstack/model.ts';
import type { Session as CloudSession } from '../openstack/session.ts';
import { type Clock, isoTime } from '../runtime/clock.ts';
import { ServiceError } from '../runtime/severity.ts';
import { DeviceList } from './device-list.ts';
import { type Figure, figuresOf, type MeasuredResource, type Series } from './figures.ts';
import { measureInstance } from './measure-instance.ts';
import { listWatchedProjects } from './watched-projects.ts';

/** Why the figures of one instance are what they are: its measures, the computation and the result, for a person. */
export async function explainInstance(
  instanceId: string,
  options: {
    readonly cloud: CloudSession;
    readonly portal: PortalSession;
    readonly clock: Clock;
    readonly cpuPerVcpu: boolean;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<string> {
  const { cloud, portal, clock, signal } = options;
  const deviceList = new DeviceList({ session: portal, clock });
  const [watched] = await Promise.all([listWatchedProjects(cloud, signal), deviceList.refresh(signal)]);
  const devices = deviceList.devices.filter((device) => device.instanceId === instanceId);
  const lines = [`instance ${instanceId}`];
  for (const { id, name, size } of devices) {
    lines.push(`device ${id} "${name}": ${size.vcpus ?? '?'} vCPUs, ${size.ram ?? '?'} MiB by its template`);
  }
  if (devices.length === 0) {
    await assertServer(cloud, instanceId, signal);
    lines.push('no device of the portal shows it: nothing is sent');
  }

  const { measured, projects, flavorId, failures } = await measureInstance(cloud, instanceId, {
    clock,
    signal,
  });
  for (const { type, error } of failures) lines.push(`${type}: ${String(error)}`);
  for (const project of projects) {
    const isWatched = watched.some((id) => id === project);
    lines.push(
      `project ${project}: ${isWatched ? 'watched' : 'not watched, so nothing is sent (role watcher of user concertim)'}`,
    );
  }
  lines.push('', ...measured.flatMap(describeMeasures));
  const size = (flavorId && deviceList.sizeOf(flavorId)) || devices[0]?.size || { vcpus: null, ram: null };
  for (const figure of figuresOf(measured, size, options)) lines.push(describeFigure(figure));
  return lines.join('\n');
}

/** @throws {ServiceError} Nova has no such server */
async function assertServer(cloud: CloudSession, id: string, signal: AbortSignal | undefined): Promise<void> {
  if (await showServer(cloud, id as ServerId, signal)) return;
  throw new ServiceError(`No such server: neither Nova nor a device of the portal has ${id}.`, {
    severity: 'terminal',
    hint: 'Give the id, not the name: `openstack server list --all-projects` shows both.',
  });
}

function describeMeasures({ id, type, series }: MeasuredResource): string[] {
  const lines = [`${type} ${id}`];
  for (const [meter, one] of series) lines.push(`  ${meter}: ${describeSeries(one)}`);
  return [...lines, ''];
}

function describeSeries(series: Series): string {
  if (series.kind === 'unread') return 'Gnocchi did not answer';
  if (series.kind === 'unreadable') return series.reason;
  const { points, granularityMs, newestAt, freshSince } = series;
  const grains = `grains of ${granularityMs / 1000} s`;
  if (points.length === 0) return `${grains}, no points`;
  const shown = points.slice(-4).map(({ at, value }) => `\n    ${isoTime(at).slice(0, 19)}Z  ${value}`);
  const isStale = newestAt !== undefined && newestAt < freshSince;
  return `${grains}${isStale ? ', and none of late' : ''}${shown.join('')}`;
}

function describeFigure(figure: Figure): string {
  const { name, units, formula, meters } = figure.definition;
  const how = {
    'cpu-share': 'growth of cpu in ns a second ÷ 1e9 ÷ vCPUs × 100',
    'ram-share': 'newest memory.usage ÷ memory of the template × 100',
    rate: `sum of the growth a second of ${meters.join(' and ')}`,
  }[formula];
  if (figure.kind === 'unknown') {
    const detail = figure.detail === undefined ? '' : ` (${figure.detail})`;
    return `${name}: unknown, not sent: ${figure.because}${detail}`;
  }
  const { value, at, spanMs, error } = figure;
  const end = `${isoTime(at).slice(0, 19)}Z`;
  const time =
    spanMs === 0
      ? `at ${end}`
      : `over the ${spanMs / 1000} s to ${end}, within ± ${Math.round(error * 1000) / 10} %`;
  return `${name} = ${value} ${units}   ${how}, ${time}`;
}
