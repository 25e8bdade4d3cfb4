import type { FastifyInstance } from 'fastify';
import type { Server } from '../cloud/compute.ts';
import { Refusal } from './refusal.ts';
import { type Answer, type Site, withToken } from './service.ts';

/** What one project may use here, in each Nova by default. RAM in MiB. */
const quotas = {
  instances: 10,
  cores: 20,
  ram: 51_200,
  key_pairs: 100,
  metadata_items: 128,
  server_groups: 10,
};
/** What the cloud has. Memory in MiB, disk in GiB. */
const capacity = { vcpus: 512, memory_mb: 2_097_152, local_gb: 65_536 };

/** Compute (Nova) v2.1: quotas, limits and the sum of the hypervisors. Complements `addNova`. */
export function addNovaUsage(app: FastifyInstance, site: Site): void {
  const { compute } = site.cloud;
  const route = (url: string, answer: Answer) =>
    app.route({ method: 'GET', url: `/v2.1${url}`, handler: withToken(site, answer) });
  const used = (servers: Iterable<Server>) => {
    const sum = { instances: 0, cores: 0, ram: 0, disk: 0 };
    for (const { flavor } of servers) {
      sum.instances++;
      sum.cores += flavor.vcpus;
      sum.ram += flavor.ram;
      sum.disk += flavor.disk;
    }
    return sum;
  };

  route('/os-quota-sets/:id', (call) => {
    const id = call.parameter('id');
    if (!call.isAdmin && call.project?.id !== id) {
      throw new Refusal(403, "Policy doesn't allow os_compute_api:os-quota-sets:show to be performed.");
    }
    return JSON.stringify({ quota_set: { id, ...quotas } });
  });
  route('/limits', (call) => {
    const projectId = call.project?.id;
    const { instances, cores, ram } = used(
      compute.servers({ ...(projectId && { projectId }) }).behind(undefined),
    );
    return JSON.stringify({
      limits: {
        rate: [],
        absolute: {
          maxTotalInstances: quotas.instances,
          maxTotalCores: quotas.cores,
          maxTotalRAMSize: quotas.ram,
          maxServerMeta: quotas.metadata_items,
          totalInstancesUsed: instances,
          totalCoresUsed: cores,
          totalRAMUsed: ram,
        },
      },
    });
  });
  route('/os-hypervisors/statistics', (call) => {
    if (!call.isAdmin) {
      throw new Refusal(
        403,
        "Policy doesn't allow os_compute_api:os-hypervisors:statistics to be performed.",
      );
    }
    const { instances, cores, ram, disk } = used(compute.servers());
    const { vcpus, memory_mb, local_gb } = capacity;
    return JSON.stringify({
      hypervisor_statistics: {
        count: 1,
        vcpus,
        vcpus_used: cores,
        memory_mb,
        memory_mb_used: ram,
        local_gb,
        local_gb_used: disk,
        running_vms: instances,
      },
    });
  });
}
