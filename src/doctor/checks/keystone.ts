import { CatalogError, findEndpoint, type ServiceType, services } from '../../openstack/catalog.ts';
import { findRole, findUsers } from '../../openstack/identity.ts';
import type { UserId } from '../../openstack/model.ts';
import type { Token } from '../../openstack/token.ts';
import { error, type Finding, ok, warning } from '../finding.ts';
import type { Patient } from '../patient.ts';

/** More than the clocks of machines that are kept right differ. */
const skewMs = 15_000;

/** What Keystone has to hold, as far as an administrator may ask. */
export async function checkKeystone(patient: Patient, token: Token): Promise<Finding[]> {
  const asked = await Promise.all([checkClock(patient), checkRoles(patient), checkUsers(patient, token)]);
  return asked.flat();
}

/** The account that the service signs in with. */
export function checkAccount({ userName, userId, projectId, roles }: Token): Finding {
  const names = roles.map(({ name }) => name);
  const check = 'keystone.account';
  if (names.includes('admin')) return ok(check, `${userName} is an administrator in its project`);
  return error(check, {
    found: `${userName} has the roles ${names.join(', ') || '(none)'} in its project, not admin`,
    why: 'Only administrators see the servers and stacks of all projects, and only they create users and projects.',
    repair: `openstack role add --user ${userId} --project ${projectId ?? 'admin'} admin`,
  });
}

async function checkClock({ cloud, clock }: Patient): Promise<Finding[]> {
  const { at } = await cloud.request('identity', { method: 'GET', path: '/', route: '/' });
  const ahead = Math.round((at - clock.now()) / 1_000);
  const check = 'keystone.clock';
  if (Math.abs(at - clock.now()) < skewMs) return [ok(check, "Keystone's clock agrees with this machine's")];
  const late = warning(check, {
    found: `Keystone's clock is ${Math.abs(ahead)} s ${ahead > 0 ? 'ahead of' : 'behind'} this machine's`,
    why: 'Tokens seem to expire too early or too late, and the newest measures seem to be missing.',
    repair: 'Synchronise the clocks of both machines: systemctl enable --now chrony; then: chronyc tracking',
  });
  return [late];
}

async function checkRoles({ cloud, config }: Patient): Promise<Finding[]> {
  const { teamRoles } = config.api;
  const rating = config.billing.enabled ? ['rating'] : [];
  const wanted = [
    ...new Set(['admin', 'member', 'watcher', ...teamRoles.admin, ...teamRoles.member, ...rating]),
  ];
  const ids = await Promise.all(wanted.map((name) => findRole(cloud, name)));
  const missing = wanted.filter((_, index) => ids[index] === undefined);
  if (missing.length === 0) return [ok('keystone.roles', `The roles ${wanted.join(', ')} exist`)];
  return missing.map((name) =>
    error('keystone.roles', {
      found: `Role ${name} does not exist`,
      why: 'Projects of portal users are created with it.',
      repair: `openstack role create ${name}`,
      remedy: { kind: 'create-role', name },
    }),
  );
}

async function checkUsers({ cloud, config }: Patient, token: Token): Promise<Finding[]> {
  const wanted = ['concertim', ...(config.billing.enabled ? ['cloudkitty'] : [])];
  const ids = await Promise.all(wanted.map((name) => findStaff(cloud, name, token)));
  const missing = wanted.filter((_, index) => ids[index] === undefined);
  if (missing.length === 0) return wanted.map((name) => ok('keystone.users', `User ${name} exists`));
  const domainId = token.domainId ?? 'default';
  return missing.map((name) =>
    error('keystone.users', {
      found: `User ${name} does not exist`,
      why: 'Each project of a portal user gives it a role; without it no project can be created.',
      repair: `openstack user create --domain ${domainId} --password-prompt ${name}`,
      remedy: { kind: 'create-user', name, domainId },
    }),
  );
}

/** As the service itself looks for it: the account that it has, one of its domain, or the only one. */
export async function findStaff(
  cloud: Patient['cloud'],
  name: string,
  token: Token,
): Promise<UserId | undefined> {
  if (token.userName === name) return token.userId;
  const users = await findUsers(cloud, { name });
  const found = users.find(({ domainId }) => domainId === token.domainId);
  return (found ?? (users.length === 1 ? users[0] : undefined))?.id;
}

/** What is used, and what becomes of us without it. */
const used: readonly { readonly service: ServiceType; readonly level: 'error' | 'warning'; why: string }[] = [
  { service: 'identity', level: 'error', why: 'The service creates users and projects there.' },
  { service: 'compute', level: 'error', why: 'The service lists servers there.' },
  { service: 'orchestration', level: 'error', why: 'The service lists stacks there.' },
  {
    service: 'network',
    level: 'error',
    why: 'It says which networks are external, and so which addresses are public.',
  },
  { service: 'metric', level: 'warning', why: 'Without it the portal shows no figures of the instances.' },
];

/** Whether the services are in Keystone's catalog, where the configuration has us look for them. */
export function checkCatalog({ place }: Patient, { catalog, projectId }: Token): Finding[] {
  const { interface: face, region } = place.openstack;
  return used.map(({ service, level, why }) => {
    const check = `keystone.catalog.${service}`;
    try {
      const { root } = findEndpoint(catalog, { service, interface: face, region, projectId });
      return ok(check, `${services[service].name} is at ${root} (${face})`);
    } catch (cause) {
      if (!(cause instanceof CatalogError)) throw cause;
      const repair = `${cause.hint ?? ''} To add it: openstack endpoint create --region ${region ?? 'REGION'} ${service} ${face} URL`;
      return (level === 'error' ? error : warning)(check, {
        found: cause.message,
        why,
        repair: repair.trim(),
      });
    }
  });
}
