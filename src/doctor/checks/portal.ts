import { readAccessToken } from '../../concertim/access-token.ts';
import type { Owner, Rack, User } from '../../concertim/model.ts';
import { readOwners } from '../../concertim/owners.ts';
import { readRacks } from '../../concertim/racks.ts';
import { readTemplates } from '../../concertim/templates.ts';
import { listUsers } from '../../concertim/users.ts';
import { type Finding, ok, warning } from '../finding.ts';
import type { Patient } from '../patient.ts';
import { checkRows } from './rows.ts';

const minuteMs = 60_000;
const leastLifetimeMs = 10 * minuteMs;
/** In the metadata of racks that this service, or its first version, made of a stack. */
const stackKey = 'openstack_stack_id';

/** What of the portal other checks need too. */
export interface PortalSight {
  readonly users: readonly User[];
  /** Whose racks there can be: users, or in later releases teams. */
  readonly owners: readonly Owner[];
  readonly racks: readonly Rack[];
  readonly findings: readonly Finding[];
}

/** Concertim, signed in to: its users and racks. That the login is a super-user's, the sign-in has found out. */
export async function checkPortal({ portal }: Patient, signal: AbortSignal): Promise<PortalSight> {
  const profile = await portal.profile(signal);
  const [token, users, owners, racks, templates] = await Promise.all([
    portal.token(signal),
    listUsers(portal, { signal }),
    readOwners(portal, { profile, signal }),
    readRacks(portal, { signal }),
    readTemplates(portal, { signal }),
  ]);
  const lifetimeMs = readAccessToken(`Bearer ${token.reveal()}`)?.lifetimeMs;
  return {
    users,
    owners: owners.rows,
    racks: racks.rows,
    findings: [
      checkLifetime(lifetimeMs),
      ...checkOwners(owners.rows, profile.owner),
      ...checkRacks(racks.rows, owners.rows),
      ...checkRows([owners, racks, templates].flatMap(({ unreadable }) => unreadable)),
    ],
  };
}

/** Which release it is, or is taken for. @throws {ServiceError} none that is served */
export async function checkRelease({ portal, config }: Patient, signal: AbortSignal): Promise<Finding> {
  const check = 'concertim.release';
  const { release } = await portal.profile(signal);
  const { release: pinned } = config.concertim;
  if (pinned !== undefined) return ok(check, `Taken for release ${pinned}, as concertim.release says`);
  return ok(check, `It is of release ${release}`);
}

function checkLifetime(lifetimeMs: number | undefined): Finding {
  const check = 'concertim.token';
  if (lifetimeMs === undefined) return ok(check, 'The sign-in token does not say when it expires');
  const minutes = Math.round(lifetimeMs / minuteMs);
  if (lifetimeMs >= leastLifetimeMs) return ok(check, `A sign-in lasts ${minutes} minutes`);
  return warning(check, {
    found: `A sign-in lasts ${minutes} minutes`,
    why: 'Each sign-in costs the portal up to a second.',
    repair: "Set jwt.expiration_time in the portal's config/initializers/devise.rb to a day.",
  });
}

function checkOwners(owners: readonly Owner[], kind: Owner['kind']): Finding[] {
  const check = `concertim.${kind}s`;
  const without = owners.filter(({ projectId }) => projectId === null);
  const ofProject = Map.groupBy(
    owners.filter(({ projectId }) => projectId !== null),
    ({ projectId }) => projectId,
  );
  const shared = [...ofProject].filter(([, sharing]) => sharing.length > 1);
  const findings: Finding[] = [];
  if (without.length > 0) {
    findings.push(
      warning(check, {
        found: `${kind === 'user' ? 'Users' : 'Teams'} without a Keystone project: ${namesOf(without.map(({ name }) => name))}`,
        why: 'Nothing of theirs is shown, and they cannot create anything.',
        repair: `Run the component api, give Concertim its address (Cloud environment), and save the ${kind} there again: Concertim then requests a project.`,
      }),
    );
  }
  for (const [projectId, sharing] of shared) {
    findings.push(
      warning(check, {
        found: `Project ${projectId} belongs to ${namesOf(sharing.map(({ name }) => name))}`,
        why: 'Only the first of them sees its racks.',
        repair: 'In Concertim, keep the project id with one of them only.',
      }),
    );
  }
  if (findings.length > 0) return findings;
  return [ok(check, `Each ${kind} has a Keystone project, ${owners.length} in all`)];
}

function checkRacks(racks: readonly Rack[], owners: readonly Owner[]): Finding[] {
  const check = 'concertim.racks';
  const withProject = new Set(owners.filter(({ projectId }) => projectId !== null).map(({ id }) => id));
  const ours = racks.filter(({ metadata }) => typeof metadata[stackKey] === 'string');
  const orphans = ours.filter(({ ownerId }) => !withProject.has(ownerId));
  if (orphans.length === 0) return [ok(check, `${ours.length} racks of stacks, each with an owner`)];
  return [
    warning(check, {
      found: `Racks of stacks whose owner has no project: ${namesOf(orphans.map(({ name }) => name))}`,
      why: 'The service does not read their stacks, so these racks are not updated.',
      repair:
        'Set the project of their owner in Concertim again; or delete the racks there, if the stacks are gone for good.',
    }),
  ];
}

const mostNames = 5;

function namesOf(names: readonly string[]): string {
  const more = names.length - mostNames;
  return more > 0 ? `${names.slice(0, mostNames).join(', ')} and ${more} more` : names.join(', ');
}
