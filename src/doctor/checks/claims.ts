import type { Owner, Rack } from '../../concertim/model.ts';
import type { ProjectId } from '../../openstack/model.ts';
import { listStacks } from '../../openstack/orchestration.ts';
import { describeClaim, settleClaims } from '../../plan/claims.ts';
import { type Finding, ok, warning } from '../finding.ts';
import type { Patient } from '../patient.ts';

const mostNamed = 5;

/** Racks whose metadata names a stack that is not their owner's. That an owner has no project is said already. */
export async function checkClaims(
  { cloud, portal }: Patient,
  { owners, racks }: { readonly owners: readonly Owner[]; readonly racks: readonly Rack[] },
  signal: AbortSignal,
): Promise<Finding[]> {
  const check = 'concertim.claims';
  const projects = owners.flatMap(({ projectId }) => (projectId === null ? [] : [projectId as ProjectId]));
  const { stacks } = await listStacks(cloud, { projects }, signal);
  const projectOf = new Map(stacks.map(({ id, projectId }) => [id, projectId]));
  const withProject = new Set(owners.filter(({ projectId }) => projectId !== null).map(({ id }) => id));
  const { foreign } = settleClaims(
    {
      profile: await portal.profile(signal),
      owners,
      racks: racks.filter(({ ownerId }) => withProject.has(ownerId)),
      devices: [],
      templates: [],
    },
    { ofStack: (id) => projectOf.get(id), ofObject: () => undefined },
  );
  if (foreign.length === 0) return [ok(check, 'Each rack of a stack belongs to the owner of its project')];
  const named = foreign.slice(0, mostNamed).map(describeClaim);
  const more = foreign.length > mostNamed ? ` and ${foreign.length - mostNamed} more` : '';
  return [
    warning(check, {
      found: `${named.join('; ')}${more}`,
      why: 'Either somebody wrote the id of another tenant into the metadata, or the project has another owner now: the service does not fill or change such a rack.',
      repair:
        'Delete the rack in Concertim, or set the project of its owner right. plan lists devices that make such claims too.',
    }),
  ];
}
