import { readAccessToken } from '../../concertim/access-token.ts';
import type { Rack, User } from '../../concertim/model.ts';
import { listRacks } from '../../concertim/racks.ts';
import { listUsers } from '../../concertim/users.ts';
import { type Finding, ok, warning } from '../finding.ts';
import type { Patient } from '../patient.ts';

const minuteMs = 60_000;
const leastLifetimeMs = 10 * minuteMs;
/** In the metadata of racks that this service, or its first version, made of a stack. */
const stackKey = 'openstack_stack_id';

/** What of the portal other checks need too. */
export interface PortalSight {
  readonly users: readonly User[];
  readonly findings: readonly Finding[];
}

/** Concertim, signed in to: its users and racks. That the login is a super-user's, the sign-in has found out. */
export async function checkPortal({ portal }: Patient, signal: AbortSignal): Promise<PortalSight> {
  const [token, users, racks] = await Promise.all([
    portal.token(signal),
    listUsers(portal, signal),
    listRacks(portal, signal),
  ]);
  const lifetimeMs = readAccessToken(`Bearer ${token.reveal()}`)?.lifetimeMs;
  return {
    users,
    findings: [checkLifetime(lifetimeMs), ...checkUsers(users), ...checkRacks(racks, users)],
  };
}

function checkLifetime(lifetimeMs: number | undefined): Finding {
  const check = 'concertim.token';
  if (lifetimeMs === undefined) return ok(check, 'The token of a sign-in does not say when it ends');
  const minutes = Math.round(lifetimeMs / minuteMs);
  if (lifetimeMs >= leastLifetimeMs) return ok(check, `A sign-in lasts ${minutes} minutes`);
  return warning(check, {
    found: `A sign-in lasts ${minutes} minutes`,
    why: 'Each costs the portal up to a second.',
    repair: "Set jwt.expiration_time in the portal's config/initializers/devise.rb to a day.",
  });
}

function checkUsers(users: readonly User[]): Finding[] {
  const check = 'concertim.users';
  const members = users.filter(({ root }) => !root);
  const without = members.filter(({ projectId }) => projectId === null);
  const ofProject = Map.groupBy(
    members.filter(({ projectId }) => projectId !== null),
    ({ projectId }) => projectId,
  );
  const shared = [...ofProject].filter(([, owners]) => owners.length > 1);
  const findings: Finding[] = [];
  if (without.length > 0) {
    findings.push(
      warning(check, {
        found: `Without a project of the cloud: ${namesOf(without.map(({ login }) => login))}`,
        why: 'Nothing of theirs is shown, and they can make nothing.',
        repair:
          'Run the component api, let Concertim know its address (Cloud environment), and save the user there again: it then asks for a project.',
      }),
    );
  }
  for (const [projectId, owners] of shared) {
    findings.push(
      warning(check, {
        found: `Project ${projectId} belongs to ${namesOf(owners.map(({ login }) => login))}`,
        why: 'Its racks are shown to the first of them alone.',
        repair: 'Leave the project id to one of them, in Concertim.',
      }),
    );
  }
  if (findings.length > 0) return findings;
  return [ok(check, `Each user has a project of the cloud, ${members.length} in all`)];
}

function checkRacks(racks: readonly Rack[], users: readonly User[]): Finding[] {
  const check = 'concertim.racks';
  const owners = new Set(users.filter(({ projectId }) => projectId !== null).map(({ id }) => id));
  const ours = racks.filter(({ metadata }) => typeof metadata[stackKey] === 'string');
  const orphans = ours.filter(({ ownerId }) => !owners.has(ownerId));
  if (orphans.length === 0) return [ok(check, `${ours.length} racks of stacks, each with an owner`)];
  return [
    warning(check, {
      found: `Racks of stacks whose owner has no project: ${namesOf(orphans.map(({ name }) => name))}`,
      why: 'Nobody looks after them: no stack of theirs is read.',
      repair:
        'Give their owner its project in Concertim again; or delete them there, if the stacks are gone for good.',
    }),
  ];
}

const mostNames = 5;

function namesOf(names: readonly string[]): string {
  const more = names.length - mostNames;
  return more > 0 ? `${names.slice(0, mostNames).join(', ')} and ${more} more` : names.join(', ');
}
