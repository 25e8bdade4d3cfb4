import type { ProjectId } from '../openstack/model.ts';
import type { Session } from '../openstack/session.ts';
import {
  countActiveServers,
  type Figures,
  showCapacity,
  showLimits,
  showQuotas,
} from '../openstack/usage.ts';
import { OperationError } from './operation-error.ts';
import { ownProject } from './own-by-id.ts';

/** What the portal computes with: a page with one of these missing is an error. */
const quotasShown = { cores: -1, ram: -1, instances: -1, volumes: -1, gigabytes: -1, network: -1 };
const limitsShown = {
  totalCoresUsed: 0,
  maxTotalCores: -1,
  totalRAMUsed: 0,
  maxTotalRAMSize: -1,
  totalInstancesUsed: 0,
  maxTotalInstances: -1,
  totalVolumesUsed: 0,
  maxTotalVolumes: -1,
  totalGigabytesUsed: 0,
  maxTotalVolumeGigabytes: -1,
};

/**
 * A team's quotas of Nova, Cinder and Neutron together, read as an administrator; -1 is no limit. Of services that the
 * cloud does not have there is none.
 *
 * @throws {OperationError} not-found: there is no such project; forbidden: it is not the portal's
 */
export async function readQuotas(session: Session, projectId: ProjectId): Promise<Figures> {
  if (!(await ownProject(session, projectId))) {
    throw new OperationError('not-found', `Keystone has no project ${projectId}.`);
  }
  const all = await Promise.all(
    (['compute', 'block-storage', 'network'] as const).map((service) =>
      showQuotas(session, service, projectId),
    ),
  );
  return Object.assign({}, quotasShown, ...all) as Figures;
}

/** What the session's project may use and uses, by the names of Nova and Cinder. */
export async function readLimits(session: Session): Promise<Figures> {
  const all = await Promise.all(
    (['compute', 'block-storage'] as const).map((service) => showLimits(session, service)),
  );
  return Object.assign({}, limitsShown, ...all) as Figures;
}

/** What the whole cloud has and has given away; disk and RAM in GiB. */
export interface Statistics {
  readonly total_vcpus: number;
  readonly used_vcpus: number;
  readonly total_disk_space: number;
  readonly used_disk_space: number;
  readonly total_ram: number;
  readonly used_ram: number;
  readonly running_vms: number;
}

/** Those of the whole cloud; the session needs the rights of an administrator. */
export async function readStatistics(session: Session): Promise<Statistics> {
  const [{ vcpus, disk, ram }, running] = await Promise.all([
    showCapacity(session),
    countActiveServers(session),
  ]);
  const inGiB = (mib: number) => Math.round((mib / 1024) * 100) / 100;
  return {
    total_vcpus: vcpus.total,
    used_vcpus: vcpus.used,
    total_disk_space: disk.total,
    used_disk_space: disk.used,
    total_ram: inGiB(ram.total),
    used_ram: inGiB(ram.used),
    running_vms: running,
  };
}

/** What several clouds have together. */
export function addedStatistics(ofClouds: readonly Statistics[]): Statistics {
  return ofClouds.reduce((sum, each) => ({
    total_vcpus: sum.total_vcpus + each.total_vcpus,
    used_vcpus: sum.used_vcpus + each.used_vcpus,
    total_disk_space: sum.total_disk_space + each.total_disk_space,
    used_disk_space: sum.used_disk_space + each.used_disk_space,
    total_ram: sum.total_ram + each.total_ram,
    used_ram: sum.used_ram + each.used_ram,
    running_vms: sum.running_vms + each.running_vms,
  }));
}
