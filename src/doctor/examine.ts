import { readDevices } from '../concertim/devices.ts';
import type { Owner, Rack } from '../concertim/model.ts';
import type { CloudConfig } from '../config/config.ts';
import type { ServiceType } from '../openstack/catalog.ts';
import { listServers, sampleServers } from '../openstack/compute.ts';
import { listProjectIds } from '../openstack/identity.ts';
import type { ProjectId } from '../openstack/model.ts';
import type { Token } from '../openstack/token.ts';
import { metadataKeys } from '../plan/ownership.ts';
import { timeOut } from '../runtime/time-out.ts';
import { unlessAborted } from '../runtime/unless-aborted.ts';
import { checkBillingPlatform, checkUsageUnits } from './checks/billing.ts';
import { adviseBroker, checkBroker } from './checks/broker.ts';
import { checkCells } from './checks/cells.ts';
import {
  checkCatalogCertificates,
  checkCertificates,
  checkPortalCertificate,
} from './checks/certificates.ts';
import { checkDeviceClaims, checkRackClaims } from './checks/claims.ts';
import { checkCompute, listIsSlow, sampleSize } from './checks/compute.ts';
import { checkConfig } from './checks/config.ts';
import { checkHiddenProjects } from './checks/hidden-projects.ts';
import { checkAccount, checkCatalog, checkKeystone } from './checks/keystone.ts';
import { checkArchivePolicies, checkMeasures } from './checks/metric.ts';
import { checkMetricDaemon } from './checks/metric-daemon.ts';
import { checkOrchestration } from './checks/orchestration.ts';
import { checkPause } from './checks/pause.ts';
import { checkPortal, checkRelease, type PortalSight } from './checks/portal.ts';
import { checkPortalAdmins } from './checks/portal-admins.ts';
import { checkProjects, withoutProject } from './checks/projects.ts';
import { checkRows } from './checks/rows.ts';
import { checkStackRecord } from './checks/stack-record.ts';
import { checkTeamMembers } from './checks/team-members.ts';
import { checkTestEvent } from './checks/test-event.ts';
import { checkWriters } from './checks/writers.ts';
import { failure } from './failure.ts';
import { error, type Finding, ok } from './finding.ts';
import { withKeysAt } from './keys-of-cloud.ts';
import type { Patient } from './patient.ts';

/** Checks that need a session with the cloud. */
const cloudChecks = [
  'concertim.claims',
  'concertim.device-claims',
  'keystone',
  'keystone.projects',
  'keystone.portal-admins',
  'keystone.team-members',
  'nova',
  'heat',
  'cinder',
  'neutron',
  'gnocchi',
  'gnocchi.measures',
  'billing.units',
  'billing.stack-record',
] as const;

/** A person waits for it. */
const examinationMs = 8_000;

/** How long the list of all servers may take, ms. Several hundred thousand take longer: their devices are then not checked. */
const allServersMs = 5_000;

/** Nova waits 60 s for a cell. */
const cellsMs = 75_000;

/** What there was to find out, and what could not be, with the reason. */
export interface Diagnosis {
  readonly findings: readonly Finding[];
  readonly unchecked: readonly (Pick<Finding, 'check' | 'cloud'> & { readonly because: string })[];
}

/**
 * Looks at everything that the service stands on, all side by side: the portal once, and each cloud. Changes nothing.
 *
 * @param onWait called when it is going to take longer than a few seconds, with the reason
 */
export async function examine(
  patient: Patient,
  stop: AbortSignal,
  onWait: (why: string) => void = () => {},
): Promise<Diagnosis> {
  const all = [patient, ...patient.others];
  const shared = new Examination(stop);
  const sight = seePortal(patient, shared.signal);
  const owners = new OwnersOfClouds(all);
  const devices = new DevicesOfPortal(patient.portal, shared.signal);
  const [, ...parts] = await Promise.all([
    examinePortal(patient, sight, shared),
    ...all.map(async (each) => {
      const examination = new Examination(stop);
      await examineCloud(each, { sight, owners, devices, examination, stop, onWait });
      return examination.of(each.place, all.length > 1);
    }),
  ]);
  await shared.group('concertim.rows', () => devices.check());
  const found = [...parts, shared.whole, await owners.strays(sight)];
  return {
    findings: found.flatMap(({ findings }) => findings).toSorted(byCheck),
    unchecked: found.flatMap(({ unchecked }) => unchecked),
  };
}

/** Groups of checks, and what they have found. */
class Examination {
  readonly signal: AbortSignal;
  readonly findings: Finding[] = [];
  readonly #unchecked: { readonly check: string; readonly because: string }[] = [];
  readonly #stop: AbortSignal;
  readonly #deadline = timeOut(examinationMs);

  constructor(stop: AbortSignal) {
    this.#stop = stop;
    this.signal = AbortSignal.any([stop, this.#deadline]);
  }

  /** One group of checks: what goes wrong in it is a finding of its own. */
  async group(check: string, work: () => Promise<readonly Finding[]>): Promise<void> {
    try {
      this.findings.push(...(await unlessAborted(work(), this.signal)));
    } catch (cause) {
      this.#stop.throwIfAborted();
      this.findings.push(
        this.#deadline.aborted ? late(check) : failure(check, cause, unexpected(check, cause)),
      );
    }
  }

  skip(because: string, ...checks: string[]): void {
    for (const check of checks) this.#unchecked.push({ check, because });
  }

  get whole(): Diagnosis {
    return { findings: this.findings, unchecked: this.#unchecked };
  }

  /** All of it, about one cloud: with the cloud's keys as they stand in config.yaml, and its name where there are several. */
  of({ name, path }: CloudConfig, isOneOfSeveral: boolean): Diagnosis {
    const named = isOneOfSeveral ? { cloud: name } : {};
    const told = (text: string) => withKeysAt(path, text);
    return {
      findings: this.findings.map(({ found, why, repair, ...finding }) => ({
        ...finding,
        ...named,
        found: told(found),
        why: why && told(why),
        repair: repair && told(repair),
      })),
      unchecked: this.#unchecked.map(({ check, because }) => ({ check, ...named, because: told(because) })),
    };
  }
}

/** Read once, however many clouds are compared with them, and only if one is. */
class DevicesOfPortal {
  readonly #portal: Patient['portal'];
  readonly #signal: AbortSignal;
  #reading: ReturnType<typeof readDevices> | undefined;

  constructor(portal: Patient['portal'], signal: AbortSignal) {
    this.#portal = portal;
    this.#signal = signal;
  }

  read(): ReturnType<typeof readDevices> {
    return (this.#reading ??= readDevices(this.#portal, { signal: this.#signal }));
  }

  /** Those that cannot be read. If none can, the checks that need them say so. */
  async check(): Promise<Finding[]> {
    return checkRows((await this.#reading?.catch(() => undefined))?.unreadable ?? []);
  }
}

/** Of several clouds each is compared with those owners of the portal whose project it has. */
class OwnersOfClouds {
  readonly #all: readonly Patient[];
  readonly #projects = new Map<Patient, ReadonlySet<string | null> | undefined>();

  constructor(all: readonly Patient[]) {
    this.#all = all;
  }

  /** Whether it is the first region of its Keystone: what Keystone has is the same in all of them. */
  isFirstRegion({ cloud }: Patient): boolean {
    const same = this.#all.find((each) => each.cloud.keystone === cloud.keystone);
    return same?.cloud === cloud;
  }

  /** Those to compare a cloud with; undefined: it does not list its projects. */
  async of(
    patient: Patient,
    owners: readonly Owner[],
    signal: AbortSignal,
  ): Promise<readonly Owner[] | undefined> {
    if (this.#all.length === 1) return owners;
    const projects = await listProjectIds(patient.cloud, signal).catch(() => undefined);
    this.#projects.set(patient, projects);
    return projects && owners.filter(({ projectId }) => projects.has(projectId as ProjectId));
  }

  /** Racks that it may have. Those without a name of a cloud are from when the first was the only one. */
  racksOf({ place }: Patient, racks: readonly Rack[]): readonly Rack[] {
    if (this.#all.length === 1) return racks;
    const [first] = this.#all;
    return racks.filter(({ metadata }) => (metadata[metadataKeys.cloud] ?? first?.place.name) === place.name);
  }

  /** Owners whose project none of several clouds has, where all could be read. */
  async strays(sight: Promise<Sight>): Promise<Diagnosis> {
    const known = this.#all.map((each) => this.#projects.get(each));
    const { owners = [] } = await sight;
    if (this.#all.length === 1 || known.includes(undefined)) return { findings: [], unchecked: [] };
    const strays = owners.filter(
      ({ projectId }) => projectId !== null && !known.some((projects) => projects?.has(projectId)),
    );
    return { findings: strays.map(withoutProject), unchecked: [] };
  }
}

/** What is there once, however many clouds there are. */
async function examinePortal(
  patient: Patient,
  sight: Promise<Sight>,
  examination: Examination,
): Promise<void> {
  const { signal } = examination;
  examination.findings.push(...checkWriters(patient.running));
  await Promise.all([
    examination.group('config', () => checkConfig(patient)),
    examination.group('config.pause', async () => [await checkPause(patient)]),
    examination.group('certificates', () => checkPortalCertificate(patient)),
    examination.group('billing.platform', () => checkBillingPlatform(patient, signal)),
    examination.group('concertim', async () => (await sight).findings),
    (async () => {
      if (!(await sight).users)
        return examination.skip('the sign-in to Concertim failed', 'concertim.metric-daemon');
      await examination.group('concertim.metric-daemon', async () => [
        await checkMetricDaemon(patient, signal),
      ]);
    })(),
  ]);
}

async function examineCloud(
  patient: Patient,
  {
    sight,
    owners: ofClouds,
    devices,
    examination,
    stop,
    onWait,
  }: {
    readonly sight: Promise<Sight>;
    readonly owners: OwnersOfClouds;
    readonly devices: DevicesOfPortal;
    readonly examination: Examination;
    readonly stop: AbortSignal;
    readonly onWait: (why: string) => void;
  },
): Promise<void> {
  const { findings, signal } = examination;
  const group: Examination['group'] = (check, work) => examination.group(check, work);
  const skip: Examination['skip'] = (because, ...checks) => examination.skip(because, ...checks);

  const examineSignedIn = async (token: Token) => {
    const account = checkAccount(token);
    const catalog = checkCatalog(patient, token);
    findings.push(account, ...catalog);
    const { users, owners = [], racks = [] } = await sight;
    const known = await ofClouds.of(patient, owners, signal);
    const isFirstRegion = ofClouds.isFirstRegion(patient);
    const obstacleTo = (service: ServiceType, needs: { admin?: true; users?: true }) => {
      if (catalog.some(({ check, level }) => level !== 'ok' && check.endsWith(service)))
        return `there is no endpoint of type ${service}`;
      if (needs.admin && account.level !== 'ok') return 'the account is no administrator';
      if (needs.users && !users) return 'the sign-in to Concertim failed';
      return needs.users && !known ? 'Keystone does not list its projects' : undefined;
    };
    const attempt = async (
      check: (typeof cloudChecks)[number],
      obstacle: string | undefined,
      work: () => Promise<readonly Finding[]>,
    ) => (obstacle === undefined ? group(check, work) : skip(obstacle, check));
    const sample = sampleServers(patient.cloud, sampleSize, signal);
    const examineMeasures = async () => {
      // What keeps Nova from listing them is found where Nova is looked at.
      const servers = await sample.catch(() => undefined);
      const obstacle = obstacleTo('metric', { admin: true });
      await attempt('gnocchi.measures', obstacle ?? (servers ? undefined : 'Nova lists no servers'), () =>
        checkMeasures(patient, servers ?? [], signal),
      );
    };
    const examineDeviceClaims = async () => {
      const check = 'concertim.device-claims';
      const obstacle = obstacleTo('compute', { users: true });
      if (obstacle !== undefined) return skip(obstacle, check);
      const limit = AbortSignal.any([signal, timeOut(allServersMs)]);
      const servers = await listServers(patient.cloud, { signal: limit }).catch(() => undefined);
      // What keeps Nova from listing them is found where Nova is looked at.
      await attempt(check, servers ? undefined : 'Nova did not list all servers in time', async () => {
        const { rows } = await devices.read();
        return checkDeviceClaims(patient, { owners, racks, servers: servers ?? [], devices: rows }, signal);
      });
    };
    await Promise.all([
      group('certificates', () => checkCatalogCertificates(patient, token)),
      ...(isFirstRegion
        ? [
            attempt('keystone', obstacleTo('identity', { admin: true }), () => checkKeystone(patient, token)),
            attempt('keystone.projects', obstacleTo('identity', { admin: true, users: true }), () =>
              checkProjects(patient, token, known ?? []),
            ),
            attempt('keystone.portal-admins', obstacleTo('identity', { admin: true, users: true }), () =>
              checkPortalAdmins(patient, token, users ?? []),
            ),
            attempt('keystone.team-members', obstacleTo('identity', { admin: true, users: true }), () =>
              checkTeamMembers(patient, users ?? [], known ?? []),
            ),
          ]
        : []),
      attempt('nova', obstacleTo('compute', {}), () => checkCompute(patient, sample, signal)),
      attempt('heat', obstacleTo('orchestration', { users: true }), () =>
        checkOrchestration(patient, known ?? [], signal),
      ),
      ...(['cinder', 'neutron'] as const).map((service) =>
        attempt(service, users ? undefined : 'the sign-in to Concertim failed', () =>
          checkHiddenProjects(service, patient, signal),
        ),
      ),
      attempt('concertim.claims', obstacleTo('orchestration', { users: true }), () =>
        checkRackClaims(patient, { owners: known ?? [], racks: ofClouds.racksOf(patient, racks) }, signal),
      ),
      examineDeviceClaims(),
      attempt('gnocchi', obstacleTo('metric', { admin: true }), async () => [
        await checkArchivePolicies(patient, signal),
      ]),
      examineMeasures(),
      attempt('billing.units', obstacleTo('identity', { admin: true }), () =>
        checkUsageUnits(patient, signal),
      ),
      attempt('billing.stack-record', obstacleTo('identity', { admin: true, users: true }), () =>
        checkStackRecord(patient, known ?? [], signal),
      ),
    ]);
  };

  await Promise.all([
    group('certificates', () => checkCertificates(patient)),
    group('rabbitmq', () => visitBroker(patient, signal)),
    (async () => {
      const { token, finding } = await signInToCloud(patient, signal);
      findings.push(finding);
      if (!token) return skip('the sign-in to Keystone failed', ...cloudChecks);
      await examineSignedIn(token);
    })(),
  ]);
  if (findings.some(({ check }) => check === listIsSlow)) {
    onWait(`Nova is slow to list servers: finding the cell it waits for takes up to ${cellsMs / 1_000} s`);
    try {
      findings.push(await checkCells({ ...patient, timeoutMs: cellsMs }, stop));
    } catch (cause) {
      stop.throwIfAborted();
      findings.push(failure('nova.cells', cause, unexpected('nova', cause)));
    }
  }
}

/** Advice for an error that no check expects: it names the system that failed, which may be another than the checked one. */
function unexpected(check: string, cause?: unknown): { why: string; repair: string } {
  const [system = ''] = check.split('.');
  const failed = cause instanceof Error && 'service' in cause ? String(cause.service).toLowerCase() : system;
  const place = logs[failed] ?? logs[system];
  return {
    why: 'The service sends this request too, and fails with it.',
    repair:
      place === undefined
        ? 'Run doctor again.'
        : `On its host, check that it runs, and read its log: ${place}`,
  };
}

/** By the system's name; units are named as Debian does. */
const logs: Readonly<Record<string, string>> = {
  keystone: 'systemctl status apache2; /var/log/keystone/ and /var/log/apache2/keystone*',
  nova: 'systemctl status nova-api; /var/log/nova/nova-api.log',
  cinder: 'systemctl status apache2 cinder-scheduler cinder-volume; /var/log/cinder/',
  heat: 'systemctl status heat-api heat-engine; /var/log/heat/',
  gnocchi: 'systemctl status gnocchi-api gnocchi-metricd; /var/log/gnocchi/',
  rabbitmq: 'systemctl status rabbitmq-server; /var/log/rabbitmq/',
  concertim: 'log/production.log of the portal',
};

function late(check: string): Finding {
  return error(check, {
    found: `No complete answer within ${examinationMs / 1_000} s`,
    why: unexpected(check).why,
    repair: 'Is that system overloaded, or the network slow? Run doctor again.',
  });
}

/**
 * Has the cloud announce something, and listens for it: a check that makes a key pair and deletes it, and so is made only
 * on request, after all others.
 */
export async function examineTestEvent(
  patient: Patient,
  diagnosis: Diagnosis,
  stop: AbortSignal,
): Promise<Diagnosis> {
  const all = [patient, ...patient.others];
  let { findings, unchecked } = diagnosis;
  for (const each of all) {
    const cloud = all.length > 1 ? each.place.name : undefined;
    const examination = new Examination(stop);
    const found = findings.filter((finding) => finding.cloud === cloud);
    await hearTestEvent(each, found, { examination, stop });
    const heard = examination.of(each.place, all.length > 1);
    findings = [...findings, ...heard.findings];
    unchecked = [...unchecked, ...heard.unchecked];
  }
  return { findings: findings.toSorted(byCheck), unchecked };
}

async function hearTestEvent(
  patient: Patient,
  findings: readonly Finding[],
  { examination, stop }: { readonly examination: Examination; readonly stop: AbortSignal },
): Promise<void> {
  const check = 'rabbitmq.test-event';
  const { broker, place } = patient;
  const { rmq } = place;
  const needed = ['keystone.sign-in', 'keystone.catalog.compute', 'rabbitmq.connection'];
  const obstacle = needed.find(
    (name) => !findings.some((found) => found.check === name && found.level === 'ok'),
  );
  if (!broker || !rmq) return examination.skip('rmq.rmq_address is not set', check);
  if (rmq.queue !== undefined)
    return examination.skip('rmq.queue is set: what is in it, its other readers would miss', check);
  if (obstacle !== undefined) return examination.skip(`${obstacle} stands in the way`, check);
  try {
    await using session = await broker.connect('concertim doctor', stop);
    examination.findings.push(...(await checkTestEvent(patient, { session, rmq, signal: stop })));
  } catch (cause) {
    stop.throwIfAborted();
    examination.findings.push(failure(check, cause, unexpected(check, cause)));
  }
}

async function signInToCloud(
  { cloud, place }: Patient,
  signal: AbortSignal,
): Promise<{ token?: Token; finding: Finding }> {
  const check = 'keystone.sign-in';
  const { authUrl } = place.openstack.credentials;
  try {
    const token = await cloud.token(signal);
    return { token, finding: ok(check, `Keystone at ${authUrl} accepts user ${token.userName}`) };
  } catch (cause) {
    const words = {
      why: 'Without it the service cannot read the cloud.',
      repair:
        'Set openstack.auth_url, openstack.username, openstack.password and the other credentials to those of the cloud: check-config shows where each value comes from.',
    };
    return { finding: failure(check, cause, words) };
  }
}

type Sight = { readonly findings: readonly Finding[] } & Partial<
  Pick<PortalSight, 'users' | 'owners' | 'racks'>
>;

async function seePortal(patient: Patient, signal: AbortSignal): Promise<Sight> {
  const { url, login } = patient.config.concertim;
  const words = {
    why: 'Without a super-user of Concertim the service cannot write to the portal.',
    repair:
      'Set concertim.concertim_url, concertim.concertim_username and concertim.concertim_password to those of the portal.',
  };
  try {
    await patient.portal.token(signal);
  } catch (cause) {
    return { findings: [failure('concertim.sign-in', cause, words)] };
  }
  const signedIn = ok('concertim.sign-in', `Concertim at ${url} accepts ${login}, a super-user`);
  let release: Finding;
  try {
    release = await checkRelease(patient, signal);
  } catch (cause) {
    const words = {
      why: 'The service does not write to a release of the portal that it does not know.',
      repair: 'Set concertim.release to the release that the portal is a variant of, if it is one.',
    };
    return { findings: [signedIn, failure('concertim.release', cause, words)] };
  }
  try {
    const { users, owners, racks, findings } = await checkPortal(patient, signal);
    return { users, owners, racks, findings: [signedIn, release, ...findings] };
  } catch (cause) {
    return {
      findings: [signedIn, release, failure('concertim.lists', cause, unexpected('concertim', cause))],
    };
  }
}

async function visitBroker(patient: Patient, signal: AbortSignal): Promise<readonly Finding[]> {
  const { broker, place } = patient;
  if (!broker || !place.rmq) return [adviseBroker(patient)];
  try {
    await using session = await broker.connect('concertim doctor', signal);
    return await checkBroker(session, place.rmq);
  } catch (cause) {
    return [
      failure('rabbitmq.connection', cause, {
        why: 'Changes show within updates.interval only.',
        repair:
          'Set rmq.rmq_address, rmq.rmq_port, rmq.rmq_username, rmq.rmq_password and rmq.rmq_path to those of the broker; or remove the section rmq, if there is no broker.',
      }),
    ];
  }
}

function byCheck(one: Finding, other: Finding): number {
  const [a, b] = [one, other].map(({ check, cloud = '' }) => `${check} ${cloud}`) as [string, string];
  return a < b ? -1 : a > b ? 1 : 0;
}
