import { z } from 'zod';
import { CloudEnv } from './cloud-env.ts';
import { ProjectIdField } from './portal-ids.ts';

/** `GET /team/{project_id}/quotas` */
export const QuotasParams = z.object({ project_id: ProjectIdField });
const Figures = z.record(z.string(), z.number());
export const QuotasBody = z.object({
  success: z.literal(true),
  quotas: Figures.describe('of Nova, Cinder and Neutron; -1: no limit. RAM in MiB'),
});

/** `GET /team/limits` */
export const GetLimits = z.object({ cloud_env: CloudEnv });
export const LimitsBody = z.object({
  success: z.literal(true),
  limits: Figures.describe('by the names of Nova and Cinder; -1: no limit. RAM in MiB'),
});

/** `GET /statistics` */
export const StatisticsBody = z.object({
  success: z.literal(true),
  stats: z
    .object({
      total_vcpus: z.number(),
      used_vcpus: z.number(),
      total_disk_space: z.number(),
      used_disk_space: z.number(),
      total_ram: z.number(),
      used_ram: z.number(),
      running_vms: z.number(),
    })
    .describe('disk space and RAM in GiB'),
});
