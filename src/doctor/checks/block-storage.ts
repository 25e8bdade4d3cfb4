import { sampleVolumes } from '../../openstack/block-storage.ts';
import { CatalogError } from '../../openstack/catalog.ts';
import { advice, type Finding, ok } from '../finding.ts';
import type { Patient } from '../patient.ts';

const check = 'cinder.all_tenants';
/** Enough that one of them is of another project, where projects have volumes. */
const sampleSize = 50;

/** Cinder: whether it is there, and shows the volumes of all projects. Portals before v1.2.0 show none. */
export async function checkBlockStorage(
  { cloud, portal }: Patient,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const { statuses, release } = await portal.profile(signal);
  if (statuses.volume.length === 0)
    return [ok(check, `Cinder is not used: a portal of release ${release} shows no volumes`)];
  try {
    const [volumes, { projectId, userId }] = await Promise.all([
      sampleVolumes(cloud, sampleSize, signal),
      cloud.token(signal),
    ]);
    const readable = volumes.filter((volume) => volume.kind === 'volume');
    if (readable.some((volume) => volume.projectId !== projectId))
      return [ok(check, 'Cinder shows the volumes of all projects')];
    if (readable.length === 0) return [ok(check, 'Cinder shows no volume yet')];
    return [
      advice(check, {
        found: `Cinder shows ${readable.length} volumes of the account's own project, and none of any other`,
        why: 'If other projects have volumes, these get no devices: Cinder hides them from accounts that are no administrators, without an error.',
        repair: `openstack role add --user ${userId} --project ${projectId} admin; or let the account's role fulfil context_is_admin in Cinder's policy.yaml.`,
      }),
    ];
  } catch (cause) {
    if (!(cause instanceof CatalogError)) throw cause;
    return [ok(check, `The cloud has no Cinder: no volumes are shown (${cause.message})`)];
  }
}
