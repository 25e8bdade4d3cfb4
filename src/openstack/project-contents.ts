/** What is left in a project, in every service. Read by an administrator, in a project other than the session's. */
import { z } from 'zod';
import { parseRows } from '../http/body.ts';
import { CatalogError, type ServiceType } from './catalog.ts';
import { openStackError } from './errors.ts';
import type { ProjectId } from './model.ts';
import type { Session, SessionRequest } from './session.ts';
import { readProjectStacks } from './stack-list.ts';

/** One thing in a project. */
export interface Content {
  /** In words, such as `server`. */
  readonly kind: string;
  readonly id: string;
  /** '' when it has none. */
  readonly name: string;
}

interface List {
  readonly kind: string;
  readonly service: ServiceType;
  readonly path: string;
  readonly field: string;
  readonly query: (projectId: ProjectId) => NonNullable<SessionRequest['query']>;
}

/** A few of each kind show a person what is left. */
const limit = 20;

const lists: readonly List[] = [
  {
    kind: 'server',
    service: 'compute',
    path: '/servers/detail',
    field: 'servers',
    query: (project_id) => ({ all_tenants: true, project_id, limit }),
  },
  ...(['volume', 'snapshot'] as const).map(
    (kind): List => ({
      kind,
      service: 'block-storage',
      path: `/${kind}s/detail`,
      field: `${kind}s`,
      query: (project_id) => ({ all_tenants: true, project_id, limit }),
    }),
  ),
  ...(['network', 'router', 'floatingip'] as const).map(
    (kind): List => ({
      kind: kind === 'floatingip' ? 'floating IP' : kind,
      service: 'network',
      path: `/${kind}s`,
      field: `${kind}s`,
      query: (project_id) => ({ project_id, limit }),
    }),
  ),
];

/**
 * Each service has its own name for the project's field. A service that does not know a filter returns all
 * rows.
 */
const Row = z.object({
  id: z.string().min(1),
  name: z.string().nullish(),
  floating_ip_address: z.string().optional(),
  project_id: z.string().nullish(),
  tenant_id: z.string().nullish(),
  'os-vol-tenant-attr:tenant_id': z.string().nullish(),
  'os-extended-snapshot-attributes:project_id': z.string().nullish(),
});

/**
 * What is in the project, in all regions of its Keystone that are known, at most some twenty of each kind; a service that
 * the cloud does not have counts as empty.
 *
 * @throws {OpenStackError} a service cannot be read: then the contents are unknown
 */
export async function listContents(
  session: Session,
  { projectId }: { readonly projectId: ProjectId },
): Promise<Content[]> {
  const found = await Promise.all(
    session.regions.flatMap((region) => [
      listRootStacks(region, projectId),
      ...lists.map((list) => listKind(region, list, projectId)),
    ]),
  );
  return found.flat();
}

async function listRootStacks(session: Session, projectId: ProjectId): Promise<Content[]> {
  const { stacks, unreadable } = await readProjectStacks(session, projectId);
  const roots = stacks.filter(({ parentId }) => parentId === null);
  return [...roots, ...unreadable.map(({ id }) => ({ id, name: id }))].map(({ id, name }) => ({
    kind: 'stack',
    id,
    name,
  }));
}

async function listKind(session: Session, list: List, projectId: ProjectId): Promise<Content[]> {
  const { kind, service, path, field, query } = list;
  try {
    const request = { method: 'GET', path, route: path, query: query(projectId) } as const;
    const response = await session.request(service, request);
    const rows = parseRows(response, { field, row: Row });
    const own = rows.filter((row) => isIn(row, projectId));
    // Among others' rows the project's own may be on a later page.
    if (own.length === 0 && rows.length >= limit)
      throw openStackError(response, {
        message: `${response.service} listed ${kind}s of other projects instead of those of project ${projectId}, so it is unknown what that project holds.`,
        severity: 'transient',
        hint: 'Check what is between the service and OpenStack: the query parameter project_id has no effect.',
      });
    return own.map(({ id, name, floating_ip_address }) => ({
      kind,
      id,
      name: floating_ip_address ?? name ?? '',
    }));
  } catch (error) {
    if (error instanceof CatalogError) return [];
    throw error;
  }
}

function isIn(row: z.infer<typeof Row>, projectId: ProjectId): boolean {
  const owner =
    row.project_id ??
    row.tenant_id ??
    row['os-vol-tenant-attr:tenant_id'] ??
    row['os-extended-snapshot-attributes:project_id'];
  return owner === undefined || owner === projectId;
}
