/** What projects may use, what they use, and what the cloud has: Nova, Cinder, Neutron, Placement. */
import { z } from 'zod';
import { parseBody } from '../http/body.ts';
import { CatalogError, type ServiceType } from './catalog.ts';
import type { ProjectId } from './model.ts';
import { readPages } from './paging.ts';
import type { Session } from './session.ts';

/** Numbers by the name that a service gives them; -1 is no limit. */
export type Figures = Readonly<Record<string, number>>;

/** What the cloud has, and how much of it is allocated. */
export interface Capacity {
  readonly vcpus: { readonly total: number; readonly used: number };
  /** GiB */
  readonly disk: { readonly total: number; readonly used: number };
  /** MiB */
  readonly ram: { readonly total: number; readonly used: number };
}

/** Keeps the numbers of an object, and leaves out its ids and texts. */
const Numbers = z
  .record(z.string(), z.unknown())
  .transform(
    (all) =>
      Object.fromEntries(Object.entries(all).filter(([, value]) => typeof value === 'number')) as Figures,
  );
const Limits = z.object({ limits: z.object({ absolute: Numbers }) });

/** A project's quotas in each service, read by an administrator; undefined where the cloud has no such service. */
export async function showQuotas(
  session: Session,
  service: 'compute' | 'block-storage' | 'network',
  projectId: ProjectId,
): Promise<Figures | undefined> {
  const { path, field } = quotas[service];
  const Body = z.object({ [field]: Numbers });
  const response = await unlessMissing(() =>
    session.request(service, {
      method: 'GET',
      path: `${path}/${encodeURIComponent(projectId)}`,
      route: `${path}/{id}`,
    }),
  );
  return response && parseBody(response, Body)[field];
}

const quotas = {
  compute: { path: '/os-quota-sets', field: 'quota_set' },
  'block-storage': { path: '/os-quota-sets', field: 'quota_set' },
  network: { path: '/quotas', field: 'quota' },
} as const;

/** What the session's project may use and uses; undefined where the cloud has no such service. */
export async function showLimits(
  session: Session,
  service: 'compute' | 'block-storage',
): Promise<Figures | undefined> {
  const path = '/limits';
  const response = await unlessMissing(() => session.request(service, { method: 'GET', path, route: path }));
  return response && parseBody(response, Limits).limits.absolute;
}

const HypervisorStatistics = z.object({
  hypervisor_statistics: z.object({
    vcpus: z.number(),
    vcpus_used: z.number(),
    local_gb: z.number(),
    local_gb_used: z.number(),
    memory_mb: z.number(),
    memory_mb_used: z.number(),
  }),
});

/**
 * What all hypervisors have: by Nova's statistics, which only old microversions offer; where Nova no longer
 * has them, by Placement's inventories.
 */
export async function showCapacity(session: Session): Promise<Capacity> {
  const path = '/os-hypervisors/statistics';
  const response = await session.request('compute', {
    method: 'GET',
    path,
    route: path,
    accept: [400, 404, 406, 410],
  });
  if (response.status >= 300) return readInventories(session);
  const { hypervisor_statistics: sum } = parseBody(response, HypervisorStatistics);
  return {
    vcpus: { total: sum.vcpus, used: sum.vcpus_used },
    disk: { total: sum.local_gb, used: sum.local_gb_used },
    ram: { total: sum.memory_mb, used: sum.memory_mb_used },
  };
}

const Providers = z.object({ resource_providers: z.array(z.object({ uuid: z.string() })) });
const Inventories = z.object({ inventories: z.record(z.string(), z.object({ total: z.number() })) });
const Usages = z.object({ usages: z.record(z.string(), z.number()) });

async function readInventories(session: Session): Promise<Capacity> {
  const get = (path: string, route: string) => session.request('placement', { method: 'GET', path, route });
  const list = parseBody(await get('/resource_providers', '/resource_providers'), Providers);
  const each = await Promise.all(
    list.resource_providers.map(async ({ uuid }) => {
      const [has, gives] = await Promise.all(
        ['inventories', 'usages'].map((what) =>
          get(`/resource_providers/${uuid}/${what}`, `/resource_providers/{id}/${what}`),
        ),
      );
      return {
        total: has ? parseBody(has, Inventories).inventories : {},
        used: gives ? parseBody(gives, Usages).usages : {},
      };
    }),
  );
  const sumOf = (resource: string) => ({
    total: each.reduce((sum, { total }) => sum + (total[resource]?.total ?? 0), 0),
    used: each.reduce((sum, { used }) => sum + (used[resource] ?? 0), 0),
  });
  return { vcpus: sumOf('VCPU'), disk: sumOf('DISK_GB'), ram: sumOf('MEMORY_MB') };
}

/** How many servers of all projects run. */
export async function countActiveServers(session: Session): Promise<number> {
  const path = '/servers';
  const query = { all_tenants: true, status: 'ACTIVE', limit: 1000 };
  const shape = { field: 'servers', row: z.object({ id: z.string().min(1) }), links: 'servers_links' };
  const { rows } = await readPages(session, 'compute', { method: 'GET', path, route: path, query }, shape);
  return rows.length;
}

async function unlessMissing<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof CatalogError && optional.has(error.service)) return undefined;
    throw error;
  }
}

/** A cloud may do without these. */
const optional: ReadonlySet<ServiceType> = new Set(['block-storage', 'network']);
