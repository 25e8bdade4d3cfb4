import { sampleVolumes } from '../../openstack/block-storage.ts';
import { CatalogError } from '../../openstack/catalog.ts';
import type { CloudObject, Unreadable } from '../../openstack/model.ts';
import { sampleNetworks } from '../../openstack/network.ts';
import type { Session } from '../../openstack/session.ts';
import { advice, type Finding, ok } from '../finding.ts';
import type { Patient } from '../patient.ts';

/** How many objects are read: enough to find one of another project, if the service shows those at all. */
const sampleSize = 50;

interface HidingService {
  readonly check: string;
  readonly name: string;
  readonly kind: 'volume' | 'network';
  readonly sample: (
    session: Session,
    count: number,
    signal: AbortSignal,
  ) => Promise<readonly (CloudObject | Unreadable<CloudObject['id']>)[]>;
  /** Where its policy says who is an administrator. */
  readonly policy: string;
}

/** Services that hide other projects' objects from accounts without the admin role, and report no error. */
const services = {
  cinder: {
    check: 'cinder.all_tenants',
    name: 'Cinder',
    kind: 'volume',
    sample: sampleVolumes,
    policy: "context_is_admin in Cinder's policy.yaml",
  },
  neutron: {
    check: 'neutron.all_tenants',
    name: 'Neutron',
    kind: 'network',
    sample: sampleNetworks,
    policy: "context_is_admin in Neutron's policy.yaml",
  },
} as const satisfies Readonly<Record<string, HidingService>>;

/** Whether a service is there, and shows the objects of all projects. Portals before v1.2.0 show none of them. */
export async function checkHiddenProjects(
  service: keyof typeof services,
  { cloud, portal }: Patient,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const { check, name, kind, sample, policy }: HidingService = services[service];
  const { statuses, release } = await portal.profile(signal);
  if (statuses[kind].length === 0)
    return [ok(check, `No ${kind}s are read from ${name}: a portal of release ${release} shows none`)];
  try {
    const [rows, { projectId, userId }] = await Promise.all([
      sample(cloud, sampleSize, signal),
      cloud.token(signal),
    ]);
    const telling = rows.filter((row) => row.kind !== 'unreadable' && !isPublic(row)) as CloudObject[];
    if (telling.some((row) => row.projectId !== projectId))
      return [ok(check, `${name} shows the ${kind}s of all projects`)];
    if (telling.length === 0) return [ok(check, `${name} shows no ${kind} of any project yet`)];
    const count = telling.length === 1 ? `1 ${kind}` : `${telling.length} ${kind}s`;
    return [
      advice(check, {
        found: `${name} shows ${count} of the account's own project, and none of any other`,
        why: `If other projects have ${kind}s, these get no devices: ${name} hides them from accounts that are no administrators, without an error.`,
        repair: `openstack role add --user ${userId} --project ${projectId} admin; or let the account's role fulfil ${policy}.`,
      }),
    ];
  } catch (cause) {
    if (!(cause instanceof CatalogError)) throw cause;
    return [ok(check, `The cloud has no ${name}: no ${kind}s are shown (${cause.message})`)];
  }
}

/** Shown to every account, whatever its rights. */
function isPublic(object: CloudObject): boolean {
  return object.kind === 'network' && (object.shared || object.external);
}
