import type { Device, Owner, Rack } from '../../concertim/model.ts';
import { projectsOf } from '../../concertim/owners.ts';
import type { ProjectId, Server, ServerId, StackId, Unreadable } from '../../openstack/model.ts';
import { readStacks } from '../../openstack/stack-list.ts';
import {
  describeClaim,
  type ForeignClaim,
  type KnownProjects,
  noProjectsKnown,
  settleClaims,
} from '../../plan/claims.ts';
import { sourceOfRack } from '../../plan/ownership.ts';
import { type Finding, ok, warning } from '../finding.ts';
import type { Patient } from '../patient.ts';

const mostNamed = 5;

interface Claimants {
  readonly owners: readonly Owner[];
  readonly racks: readonly Rack[];
}

/** Racks whose metadata names a stack that is not their owner's, or one that Heat does not have. */
export async function checkRackClaims(
  patient: Patient,
  { owners, racks }: Claimants,
  signal: AbortSignal,
): Promise<Finding[]> {
  const projects = [...projectsOf(owners)] as ProjectId[];
  const { stacks, unreadable, unobserved } = await readStacks(patient.cloud, { projects }, signal);
  const unread = new Set(unreadable.map(({ id }) => id));
  const projectOf = new Map(stacks.map(({ id, projectId }) => [id, projectId]));
  const known = { ...noProjectsKnown, ofStack: (id: (typeof stacks)[number]['id']) => projectOf.get(id) };
  const foreign = await foreignClaims(patient, { owners, racks, devices: [] }, known, signal);
  const projectOfOwner = new Map(owners.map(({ id, projectId }) => [id, projectId as ProjectId | null]));
  const gone = racks.filter(({ ownerId, ...rack }) => {
    const project = projectOfOwner.get(ownerId);
    const source = sourceOfRack(rack);
    // Other checks report owners without a project and stacks that cannot be listed.
    if (!project || unobserved.has(project) || source?.kind !== 'stack') return false;
    return !projectOf.has(source.stackId) && !unread.has(source.stackId);
  });
  return [
    findingOf('concertim.claims', foreign, 'Each rack of a stack belongs to the owner of its project'),
    goneFinding(gone),
    ...unreadableFinding(unreadable),
  ];
}

function unreadableFinding(stacks: readonly Unreadable<StackId>[]): Finding[] {
  if (stacks.length === 0) return [];
  const named = stacks.slice(0, mostNamed).map(({ id, problem }) => `${id} (${problem})`);
  const more = stacks.length > mostNamed ? ` and ${stacks.length - mostNamed} more` : '';
  const finding = warning('heat.rows', {
    found: `Heat lists ${stacks.length} stack${stacks.length === 1 ? '' : 's'} in a way that is not understood: ${named.join(', ')}${more}`,
    why: 'Their racks stay as they are, and stacks without a rack get none.',
    repair: 'openstack stack show <id> tells what Heat has of it. If that is well, update the service.',
  });
  return [finding];
}

/** Racks whose stack Heat does not list: another service, or an outage, may have left them. */
function goneFinding(racks: readonly Rack[]): Finding {
  const check = 'concertim.gone-stacks';
  if (racks.length === 0) return ok(check, 'Heat lists the stack of each rack');
  const names = racks.slice(0, mostNamed).map(({ id, name }) => `${name} (${id})`);
  const more = racks.length > mostNamed ? ` and ${racks.length - mostNamed} more` : '';
  return warning(check, {
    found: `Heat does not list the stacks of ${racks.length} rack${racks.length === 1 ? '' : 's'}: ${names.join(', ')}${more}`,
    why: 'They were deleted while no service was running, or the account does not see them. A few are removed by the next run; more than updates.max_deletions and updates.max_deletion_share allow are kept.',
    repair:
      'allow-deletions lists them all. If the stacks are really gone: allow-deletions --yes lets the running service remove them.',
  });
}

/** Devices whose metadata names a server that is not of the project of their rack's owner. */
export async function checkDeviceClaims(
  patient: Patient,
  {
    servers,
    devices: all,
    ...claimants
  }: Claimants & {
    readonly servers: readonly (Server | Unreadable<ServerId>)[];
    readonly devices: readonly Device[];
  },
  signal: AbortSignal,
): Promise<Finding[]> {
  const devices = all.filter(({ kind }) => kind === 'server');
  const projectOf = new Map<string, ProjectId>();
  for (const server of servers) if (server.kind === 'server') projectOf.set(server.id, server.projectId);
  const known = { ...noProjectsKnown, ofObject: (_kind: string, id: string) => projectOf.get(id) };
  const foreign = await foreignClaims(patient, { ...claimants, devices }, known, signal);
  return [
    findingOf(
      'concertim.device-claims',
      foreign.filter(({ kind }) => kind === 'device'),
      "Each device of a server stands in a rack of its project's owner",
    ),
  ];
}

/** Devices and racks that claim other projects' objects. Another check reports owners without a project. */
async function foreignClaims(
  { portal }: Patient,
  { owners, racks, devices }: Claimants & { readonly devices: readonly Device[] },
  known: KnownProjects,
  signal: AbortSignal,
): Promise<readonly ForeignClaim[]> {
  const withProject = new Set(owners.filter(({ projectId }) => projectId !== null).map(({ id }) => id));
  const looked = racks.filter(({ ownerId }) => withProject.has(ownerId));
  const lookedIds = new Set(looked.map(({ id }) => id));
  const settled = settleClaims(
    {
      profile: await portal.profile(signal),
      owners,
      racks: looked,
      devices: devices.filter(({ location }) => location && lookedIds.has(location.rackId)),
      templates: [],
    },
    known,
  );
  return settled.foreign;
}

function findingOf(check: string, foreign: readonly ForeignClaim[], well: string): Finding {
  if (foreign.length === 0) return ok(check, well);
  const named = foreign.slice(0, mostNamed).map(describeClaim);
  const more = foreign.length > mostNamed ? ` and ${foreign.length - mostNamed} more` : '';
  return warning(check, {
    found: `${named.join('; ')}${more}`,
    why: 'Either somebody wrote the id of what belongs to another tenant into the metadata, or the project has another owner now: the service does not fill or change it.',
    repair:
      'Delete it in Concertim, or correct the project of its owner. plan lists all claims of this kind.',
  });
}
