import { once } from 'node:events';
import { isIP } from 'node:net';
import { connect } from 'node:tls';
import type { CloudConfig } from '../../config/config.ts';
import { findEndpoint, type ServiceType, services } from '../../openstack/catalog.ts';
import type { Token } from '../../openstack/token.ts';
import { type Clock, parseTime } from '../../runtime/clock.ts';
import { timeOut } from '../../runtime/time-out.ts';
import { error, type Finding, ok, warning } from '../finding.ts';
import type { Patient } from '../patient.ts';

interface Place {
  /** Section of the configuration that says whom to trust. */
  readonly section: 'openstack' | 'concertim' | 'rmq';
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly ca: string | undefined;
  readonly insecure: boolean;
}

const dayMs = 86_400_000;
/** Time enough to have a new certificate made. */
const soonDays = 21;
const timeoutMs = 4_000;

/** Checks the portal's certificate: whether it is trusted, and how long it is valid. */
export async function checkPortalCertificate({ config, clock }: Patient): Promise<Finding[]> {
  const { url, tls } = config.concertim;
  const places = placeOf('concertim', 'Concertim', url, tls);
  return (await Promise.all(places.map((each) => checkCertificate(each, clock)))).flat();
}

/** The same of Keystone's and RabbitMQ's. */
export async function checkCertificates({ place, clock }: Patient): Promise<Finding[]> {
  const { rmq } = place;
  const places: Place[] = [
    ...keystone(place),
    ...(rmq?.tls
      ? rmq.hosts.map((host) => {
          const { port, tls } = rmq;
          return { section: 'rmq', name: 'RabbitMQ', host, port, ca: tls?.ca, insecure: false } as const;
        })
      : []),
  ];
  return (await Promise.all(places.map((each) => checkCertificate(each, clock)))).flat();
}

/** Those of the cloud's services that the catalog has at other addresses than Keystone's. */
export async function checkCatalogCertificates(
  { place, clock }: Patient,
  { catalog, projectId }: Token,
): Promise<Finding[]> {
  const { interface: face, region, tls } = place.openstack;
  const places = used.flatMap((service) => {
    const url = endpointOf(() => findEndpoint(catalog, { service, interface: face, region, projectId }).root);
    return url === undefined ? [] : placeOf('openstack', services[service].name, url, tls);
  });
  const addressOf = ({ host, port }: Place) => `${host}:${port}`;
  const looked = new Set(keystone(place).map(addressOf));
  const others = new Map(places.map((each) => [addressOf(each), each])).values();
  const unseen = [...others].filter((each) => !looked.has(addressOf(each)));
  return (await Promise.all(unseen.map((each) => checkCertificate(each, clock)))).flat();
}

const used: readonly ServiceType[] = ['identity', 'compute', 'orchestration', 'network', 'metric'];

function keystone({ openstack }: CloudConfig): Place[] {
  return placeOf('openstack', 'Keystone', openstack.credentials.authUrl, openstack.tls);
}

/** That there is none is said elsewhere. */
function endpointOf(find: () => string): string | undefined {
  try {
    return find();
  } catch {
    return undefined;
  }
}

function placeOf(
  section: 'openstack' | 'concertim',
  name: string,
  url: string,
  tls: { readonly ca: string | undefined; readonly insecure: boolean },
): Place[] {
  const { protocol, hostname, port } = new URL(url);
  if (protocol !== 'https:') return [];
  const host = hostname.replace(/^\[|\]$/g, '');
  return [{ section, name, host, port: Number(port || 443), ...tls }];
}

async function checkCertificate(place: Place, clock: Clock): Promise<Finding[]> {
  const { section, name, host, port, insecure } = place;
  const check = `${section}.certificate`;
  const at = `${name} at ${host}:${port}`;
  const seen = await look(place);
  // That nothing answers, or no TLS, the sign-in says.
  if (!seen) return [];
  const days = Math.floor((seen.until - clock.now()) / dayMs);
  if (days < 0) {
    return [
      error(check, {
        found: `The certificate of ${at} expired ${-days} days ago`,
        why: 'The service does not connect without a valid certificate.',
        repair: `Renew it on ${host}.`,
      }),
    ];
  }
  if (insecure) {
    return [
      warning(check, {
        found: `${section}.insecure is set: any certificate of ${at} is accepted`,
        why: 'A man in the middle can read the password.',
        repair: `Remove ${section}.insecure${seen.problem ? `, and set ${section}.cacert to a file with the authority's certificate: ${showChain(place)}` : ''}.`,
      }),
    ];
  }
  if (seen.problem !== undefined) {
    return [
      error(check, {
        found: `The certificate of ${at} is not trusted (${seen.problem})`,
        why: 'The service does not connect to a server that it does not trust.',
        repair: repairOf(place, seen.problem, seen.names),
      }),
    ];
  }
  if (days < soonDays) {
    return [
      warning(check, {
        found: `The certificate of ${at} expires in ${days} days`,
        why: 'From then on the service does not connect.',
        repair: `Renew it on ${host}.`,
      }),
    ];
  }
  return [ok(check, `The certificate of ${at} is trusted and good for ${days} days`)];
}

function repairOf(place: Place, problem: string, names: string | undefined): string {
  const { section, host } = place;
  if (names === undefined) {
    return `Have a certificate issued for ${host}: this one contains no name of a host. If ${host} is this machine, ${section}.insecure: true does as well.`;
  }
  return /ALTNAME/.test(problem)
    ? `Use in ${section} one of the names that the certificate has (${names}), or have a certificate issued for ${host}.`
    : `Put the certificate of its authority in a file and set ${section}.cacert to it; what it shows: ${showChain(place)}`;
}

function showChain({ host, port }: Place): string {
  return `openssl s_client -showcerts -connect ${host}:${port} </dev/null`;
}

interface Seen {
  /** Why it is not trusted; undefined: it is. */
  readonly problem: string | undefined;
  /** ms since 1970. */
  readonly until: number;
  /** Hosts that it is for; undefined: it names none. */
  readonly names: string | undefined;
}

/** The certificate that it presents; undefined when it speaks no TLS. */
async function look({ host, port, ca }: Place): Promise<Seen | undefined> {
  const socket = connect({
    host,
    port,
    // Reads the certificate, trusted or not; nothing is sent.
    rejectUnauthorized: false,
    ...(ca !== undefined && { ca }),
    ...(isIP(host) === 0 && { servername: host }),
  });
  try {
    await once(socket, 'secureConnect', { signal: timeOut(timeoutMs) });
    const { valid_to, subjectaltname, subject } = socket.getPeerCertificate();
    // Some give a null for a subject that says nothing.
    const commonName = (subject as typeof subject | null)?.CN;
    const names = subjectaltname ?? (commonName && `CN:${String(commonName)}`);
    const until = parseTime(valid_to) ?? Number.POSITIVE_INFINITY;
    // Typed as an Error, in truth the code as a text.
    const problem = socket.authorized ? undefined : String(socket.authorizationError);
    return { problem, until, names };
  } catch {
    return undefined;
  } finally {
    socket.destroy();
  }
}
