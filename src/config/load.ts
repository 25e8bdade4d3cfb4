import { homedir } from 'node:os';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deepFreeze } from '../runtime/deep-freeze.ts';
import type { JwtPolicy } from '../runtime/jwt-policy.ts';
import { Secret } from '../runtime/secret.ts';
import { checkClouds } from './check-clouds.ts';
import { withCloudEntries } from './cloud-entries.ts';
import { cloudsFiles, withCloud } from './clouds-yaml.ts';
import type { CloudConfig, Config, RabbitMqConfig, TlsTrust } from './config.ts';
import { type ConfigValues, treeOf } from './config-values.ts';
import { readCredentials } from './credentials.ts';
import { type KeyPath, pathText } from './key-path.ts';
import { ConfigError, type Place, Problems } from './problems.ts';
import { readFile } from './read-file.ts';
import { type ReadCloud, type ReadSettings, readSettings, type Setting } from './read-settings.ts';
import { resolvePath } from './resolve-path.ts';
import { isSilent, withSecretsOf } from './secrets-of-environment.ts';
import { parseYaml, type YamlMap } from './yaml-tree.ts';

const environmentVariable = 'CONCERTIM_OPENSTACK_SERVICE_CONFIG';
const standardFile = '/etc/concertim-openstack-service/config.yaml';

/** Where the configuration is looked for. */
export interface LoadOptions {
  /** What `--config` says. Default: `$CONCERTIM_OPENSTACK_SERVICE_CONFIG`, else the standard place. */
  readonly file?: string | undefined;
  readonly env?: NodeJS.ProcessEnv;
}

/** The configuration and where each part of it comes from. */
export interface LoadedConfig {
  readonly config: Config;
  readonly file: string;
  readonly settings: readonly Setting[];
}

/**
 * The configuration, read from its file.
 *
 * @throws {ConfigError} with everything that is wrong with it
 */
export function loadConfig(options: LoadOptions = {}): Config {
  return loadConfigWithSettings(options).config;
}

/** Like `loadConfig`, with the origin of every key. */
export function loadConfigWithSettings(options: LoadOptions = {}): LoadedConfig {
  const env = options.env ?? process.env;
  const { file, named } = whichFile(options.file, env);
  const content = readFile(file);
  if ('problem' in content) {
    const hint = content.missing ? `To make one: cp ${exampleFile} ${file}` : undefined;
    throw new ConfigError([`${content.problem}${named ? '' : howToName}.`], hint ? { hint } : {});
  }

  const problems = new Problems();
  const root = parseYaml(content.text, file, problems);
  if (!root) throw problems.toError();
  const given = withSecretsOf(env, withFoldersOf(env, root));
  return { file, ...build(given, env, problems) };
}

/**
 * The configuration that a program gives as values. Nothing is taken from the environment.
 *
 * @throws {ConfigError} with everything that is wrong with it
 */
export function configFromValues(values: ConfigValues): Config {
  return build(treeOf(values), {}, new Problems()).config;
}

function build(root: YamlMap, env: NodeJS.ProcessEnv, problems: Problems): Omit<LoadedConfig, 'file'> {
  const read = readSettings(withClouds(root, env, problems), problems);
  checkClouds(read, problems);
  const config = new ConfigBuilder(read, problems).build(root.at, systemdOf(env));
  return { config, settings: read.settings };
}

const howToName = `; give --config FILE or set $${environmentVariable}`;
/** It comes with the package. */
const exampleFile = fileURLToPath(new URL('../../config.example.yaml', import.meta.url));

function whichFile(flag: string | undefined, env: NodeJS.ProcessEnv): { file: string; named: boolean } {
  const file = flag ?? env[environmentVariable];
  return file ? { file, named: true } : { file: standardFile, named: false };
}

/** The tree with what clouds.yaml says of each cloud that a section `openstack` names. */
function withClouds(root: YamlMap, env: NodeJS.ProcessEnv, problems: Problems): YamlMap {
  const files = cloudsFiles(env, homedir());
  const change = (map: YamlMap, path: KeyPath): YamlMap => {
    const openstack = map.entries.get('openstack');
    if (openstack?.node.kind !== 'map') return map;
    const node = withCloud(openstack.node, pathText([...path, 'openstack']), files, problems);
    return { ...map, entries: new Map(map.entries).set('openstack', { ...openstack, node }) };
  };
  return withCloudEntries(change(root, []), change);
}

/** The folders that systemd (`LogsDirectory=`, `StateDirectory=`) and our images give, where the file names none. */
function withFoldersOf(env: NodeJS.ProcessEnv, root: YamlMap): YamlMap {
  const entries = new Map(root.entries);
  for (const [key, variable] of [
    ['log_dir', 'LOGS_DIRECTORY'],
    ['data_dir', 'STATE_DIRECTORY'],
  ] as const) {
    // systemd separates several by colons.
    const text = env[variable]?.split(':')[0];
    const at = { file: `$${variable}`, line: 0, column: 0 };
    if (text && isSilent(entries.get(key))) entries.set(key, { at, node: { kind: 'text', text, at } });
  }
  return { ...root, entries };
}

/** sd_notify(3) and sd_watchdog_enabled(3): what is meant for another process does not concern us. */
function systemdOf(env: NodeJS.ProcessEnv): Config['systemd'] {
  const { NOTIFY_SOCKET: socket, WATCHDOG_USEC, WATCHDOG_PID } = env;
  if (!socket) return undefined;
  const isOurs = WATCHDOG_PID === undefined || WATCHDOG_PID === String(process.pid);
  const watchdogMs = Number(WATCHDOG_USEC) / 1_000;
  return { socket, watchdogMs: isOurs && watchdogMs > 0 ? watchdogMs : undefined };
}

/** What is shorter can be found by trying: every user of the portal holds a token that was signed with it. */
const shortestSecret = 16;

/** From the keys' values to what the service uses: what depends on several keys, and on files they name. */
class ConfigBuilder {
  readonly #values: ReadSettings['values'];
  readonly #clouds: readonly ReadCloud[];
  readonly #places: ReadonlyMap<string, Place>;
  readonly #problems: Problems;

  constructor(read: ReadSettings, problems: Problems) {
    this.#values = read.values;
    this.#clouds = read.clouds;
    this.#places = read.places;
    this.#problems = problems;
  }

  build(start: Place, systemd: Config['systemd']): Config {
    const { concertim, updates, metrics, api, billing, observability, log_rotation } = this.#values;
    const [first, ...others] = this.#clouds.map((cloud, at) => this.#cloud(cloud, at, start));
    const concertimTls = this.#trust('concertim', concertim);
    const apiTls = this.#apiTls();
    const killBill = this.#killBill(start);
    const jwt = this.#jwt(start);
    const teamRoles = this.#teamRoles();
    this.#checkTtl(start);
    const logDir = this.#path('log_dir', this.#values.log_dir);
    const dataDir = this.#path('data_dir', this.#values.data_dir);
    if (!first || this.#problems.any) throw this.#problems.toError();
    return deepFreeze({
      logLevel: this.#values.log_level,
      logDir,
      logRotation: { maxBytes: log_rotation.size, files: log_rotation.files },
      dataDir,
      clouds: [first, ...others.filter((cloud) => cloud !== undefined)],
      concertim: {
        url: concertim.concertim_url,
        login: concertim.concertim_username,
        password: concertim.concertim_password,
        release: concertim.release === 'auto' ? undefined : concertim.release,
        defaultRackHeight: concertim.default_rack_height,
        defaultClusterType: concertim.default_cluster_type,
        ...patience(concertim.timeout),
        tls: concertimTls,
      },
      updates: {
        intervalMs: updates.interval,
        auditIntervalMs: updates.audit_interval,
        maxDeletionShare: updates.max_deletion_share,
        maxDeletions: updates.max_deletions,
        standaloneServers: updates.standalone_servers,
        withoutElection: updates.without_election,
      },
      metrics: {
        intervalMs: metrics.interval,
        ttlMs: metrics.ttl,
        cpuPerVcpu: metrics.cpu_per_vcpu,
        names: metrics.names,
        timeoutMs: Math.min(longestForFiguresMs, concertim.timeout),
      },
      api: {
        host: api.host,
        port: api.port,
        pathPrefix: pathPrefixOf(api.path_prefix),
        allowedAuthUrls: api.allowed_auth_urls ?? [],
        jwt,
        teamRoles,
        tls: apiTls,
        ui: api.ui,
        uiToken: api.ui_token,
      },
      billing: {
        enabled: billing.enabled,
        killBill,
        rating: billing.rating,
        freeCredits: billing.free_credits,
        usageSince: billing.usage_since,
      },
      observability: {
        host: observability.host,
        port: observability.port,
        otlpEndpoint: observability.otlp_endpoint,
      },
      systemd,
      notices: this.#problems.notices,
    });
  }

  /** undefined, with problems, when it says not enough to sign in. */
  #cloud({ path, keys }: ReadCloud, at: number, start: Place): CloudConfig | undefined {
    const section = pathText([...path, 'openstack']);
    const above = this.#places.get(pathText(path)) ?? start;
    const { name, openstack } = keys;
    const rmq = this.#rmq(keys.rmq, pathText([...path, 'rmq']), above);
    if (this.#problems.has(section)) return undefined;
    const tls = this.#trust(section, openstack);
    const given = { keys: openstack, section, at: this.#places.get(section) ?? above, places: this.#places };
    const credentials = readCredentials(given, this.#problems);
    if (!credentials) return undefined;
    const { region_name: region, interface: side, timeout } = openstack;
    return {
      name,
      path: pathText(path),
      allowedAuthUrls: keys.allowed_auth_urls ?? [],
      openstack: { credentials, region, interface: side, ...patience(timeout), tls },
      // Clouds that share a broker need queues of their own.
      rmq: rmq && at > 0 ? { ...rmq, deployment: `${rmq.deployment}.${name}` } : rmq,
    };
  }

  #trust(section: string, keys: { cacert: string | undefined; insecure: boolean }): TlsTrust {
    return { ca: this.#pem(`${section}.cacert`, keys.cacert, 'CERTIFICATE'), insecure: keys.insecure };
  }

  /** A section that only repeats the defaults, as the first version's sample does, names no broker. */
  #rmq(rmq: ReadCloud['keys']['rmq'], section: string, start: Place): RabbitMqConfig | undefined {
    const at = this.#places.get(section) ?? start;
    const isGiven = (key: string) => this.#places.has(`${section}.${key}`);
    if (!isGiven('rmq_address') && !isGiven('rmq_password')) {
      if (this.#places.has(section)) {
        this.#problems.notice(at, section, 'has no rmq_address: the service hears no notifications');
      }
      return undefined;
    }
    const ca = this.#pem(`${section}.cacert`, rmq.cacert, 'CERTIFICATE');
    if (!rmq.rmq_address?.length) {
      this.#problems.addOnce(at, `${section}.rmq_address`, 'is missing, give the host of the broker');
    }
    if (!rmq.rmq_password) {
      this.#problems.addOnce(
        at,
        `${section}.rmq_password`,
        'is missing, give the password of the user, or rmq_password_file',
      );
      return undefined;
    }
    return {
      hosts: rmq.rmq_address ?? [],
      port: rmq.rmq_port ?? (rmq.tls ? 5671 : 5672),
      username: rmq.rmq_username,
      password: rmq.rmq_password,
      vhost: rmq.rmq_path,
      tls: rmq.tls ? { ca } : undefined,
      deployment: rmq.deployment,
      exchanges: rmq.exchanges ?? ['nova', 'heat', 'cinder', 'neutron', 'openstack'],
      queue: rmq.queue,
    };
  }

  /** A value that ends before the next one comes would be shown now and then only. */
  #checkTtl(start: Place): void {
    const { interval, ttl } = this.#values.metrics;
    if (ttl >= interval) return;
    const at = this.#places.get('metrics.ttl') ?? this.#places.get('metrics.interval') ?? start;
    this.#problems.addOnce(
      at,
      'metrics.ttl',
      `is ${ttl / 1000} s and shorter than metrics.interval, ${interval / 1000} s, give at least three intervals`,
    );
  }

  /** Distinguishes no secret, an empty one and a guessable one: none of them may leave the API open by mistake. */
  #jwt(start: Place): JwtPolicy {
    const { jwt, jwt_secret: secret, allow_dummy_token: allowDummyToken } = this.#values.api;
    const key = 'api.jwt_secret';
    const at = this.#places.get(key);
    const length = secret?.reveal().length;
    if (at && length !== undefined && length < shortestSecret) {
      this.#problems.addOnce(
        at,
        key,
        length === 0
          ? 'is empty, give the secret that Concertim signs its tokens with, or remove it'
          : `has fewer than ${shortestSecret} characters and can be guessed, give Concertim and this service a longer one`,
      );
    }
    const policyAt = this.#places.get('api.jwt') ?? start;
    if (jwt !== undefined && jwt !== 'off' && !secret) {
      this.#problems.addOnce(
        policyAt,
        'api.jwt',
        `is ${jwt}, but there is no secret, give api.jwt_secret, api.jwt_secret_file or $JWT_SECRET`,
      );
    }
    if (jwt === 'off' && secret) {
      this.#problems.notice(policyAt, 'api.jwt', 'is off: the secret is not used, anyone may ask');
    }
    if (!secret || jwt === 'off') return { kind: 'off' };
    return { kind: jwt ?? 'required', secret, allowDummyToken };
  }

  #teamRoles(): Config['api']['teamRoles'] {
    const { team_admin_roles: admin, team_member_roles: member } = this.#values.api;
    for (const [key, roles] of Object.entries({ team_admin_roles: admin, team_member_roles: member })) {
      const at = this.#places.get(`api.${key}`);
      if (at && roles?.some((role) => role.toLowerCase() === 'admin')) {
        this.#problems.addOnce(
          at,
          `api.${key}`,
          'has admin, with which a user of the portal rules the whole cloud, give member or a role of your own',
        );
      }
    }
    return { admin, member };
  }

  /** The keys of KillBill count only if it is the platform: samples of 2024 have them unused. */
  #killBill(start: Place): Config['billing']['killBill'] {
    const { billing, killbill } = this.#values;
    if (billing.platform !== 'killbill') return undefined;
    const at = this.#places.get('killbill') ?? this.#places.get('billing.platform') ?? start;
    const { api_host: url, username, password, apikey: apiKey, apisecret: apiSecret } = killbill;
    for (const [key, value] of Object.entries({
      api_host: url,
      password,
      apikey: apiKey,
      apisecret: apiSecret,
    })) {
      if (value === undefined) {
        this.#problems.addOnce(at, `killbill.${key}`, 'is missing, and billing.platform is killbill');
      }
    }
    if (!url || !password || !apiKey || !apiSecret) return undefined;
    return { url, username, password, apiKey, apiSecret, plan: killbill.plan_name };
  }

  #apiTls(): { cert: string; key: Secret } | undefined {
    const { api } = this.#values;
    const cert = this.#pem('api.tls_cert', api.tls_cert, 'CERTIFICATE');
    const key = this.#pem('api.tls_key', api.tls_key, 'PRIVATE KEY');
    for (const [one, other] of [
      ['tls_cert', 'tls_key'],
      ['tls_key', 'tls_cert'],
    ]) {
      const at = this.#places.get(`api.${one}`);
      if (at && !this.#places.has(`api.${other}`)) {
        this.#problems.add(at, `api.${one}`, `is given without api.${other}, give both or none`);
      }
    }
    return cert && key ? { cert, key: new Secret(key) } : undefined;
  }

  /** The text of the PEM file that a key names. */
  #pem(key: string, path: string | undefined, kind: 'CERTIFICATE' | 'PRIVATE KEY'): string | undefined {
    const at = this.#places.get(key);
    const file = this.#path(key, path);
    if (!at || !file) return undefined;
    const content = readFile(file);
    if ('problem' in content) {
      this.#problems.add(at, key, content.problem);
      return undefined;
    }
    if (!new RegExp(`-----BEGIN [A-Z ]*${kind}-----`).test(content.text)) {
      this.#problems.add(at, key, `${file} holds no ${kind.toLowerCase()}, give a PEM file that does`);
    }
    return content.text;
  }

  #path(key: string, path: string | undefined): string | undefined {
    const at = this.#places.get(key);
    return at && path !== undefined ? resolvePath(path, dirname(at.file)) : undefined;
  }
}

/** `openstack/`, `/openstack` and `//openstack/` are the same prefix; `/` is none. */
function pathPrefixOf(text: string | undefined): string | undefined {
  const parts = (text ?? '').split('/').filter((part) => part !== '');
  return parts.length === 0 ? undefined : `/${parts.join('/')}`;
}

/**
 * For requests other than lists. Answers take moments, or never come; but Nova waits 60 s for a cell that is
 * down.
 */
const longestForOthersMs = 75_000;
/** The metric daemon takes a figure in a millisecond. */
const longestForFiguresMs = 10_000;

function patience(listTimeoutMs: number): { timeoutMs: number; listTimeoutMs: number } {
  return { timeoutMs: Math.min(longestForOthersMs, listTimeoutMs), listTimeoutMs };
}
