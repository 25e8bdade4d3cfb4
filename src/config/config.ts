import type { Release } from '../concertim/profile.ts';
import type { Interface } from '../openstack/catalog.ts';
import type { Credentials } from '../openstack/credentials.ts';
import type { JwtPolicy } from '../runtime/jwt-policy.ts';
import type { Secret } from '../runtime/secret.ts';

/**
 * The configuration as the rest of the service sees it: read once at the start by `load.ts`, frozen, handed down in
 * pieces. Times are milliseconds, sizes bytes, files that hold certificates are already read.
 */
export interface Config {
  readonly logLevel: LogLevel;
  /** Where each component's log file goes; undefined when logs go to standard output alone. */
  readonly logDir: string | undefined;
  readonly logRotation: { readonly maxBytes: number; readonly files: number };
  /** Where files that outlive the process go; undefined when there is no such place. */
  readonly dataDir: string | undefined;
  /** In the order in which they are listed. */
  readonly clouds: readonly [CloudConfig, ...CloudConfig[]];
  readonly concertim: ConcertimConfig;
  readonly updates: UpdatesConfig;
  readonly metrics: MetricsConfig;
  readonly api: ApiConfig;
  readonly billing: {
    /** The cloud rates with CloudKitty: its user gets a role in the projects that are made. */
    readonly enabled: boolean;
    /**
     * The billing platform that keeps accounts, orders and invoices; undefined: none is configured, so the
     * service bills no owner.
     */
    readonly killBill:
      | {
          /** Without a slash at its end. */
          readonly url: string;
          readonly username: string;
          readonly password: Secret;
          readonly apiKey: Secret;
          readonly apiSecret: Secret;
          /** The plan of the catalog that each order subscribes to. */
          readonly plan: string;
        }
      | undefined;
    /** Where costs come from, in a cloud that has it. */
    readonly rating: 'cloudkitty' | 'none';
    /** Credits of each owner where there is no billing platform. */
    readonly freeCredits: number;
    /** First day, such as `2026-12-01`, whose usage is recorded for orders of another service; undefined: never. */
    readonly usageSince: string | undefined;
  };
  readonly observability: ObservabilityConfig;
  /** Of the environment: how systemd wants to be notified; undefined when it does not. */
  readonly systemd: { readonly socket: string; readonly watchdogMs: number | undefined } | undefined;
  /** What a person should know although it is no error: keys that are ignored, a choice between two. */
  readonly notices: readonly string[];
}

/** The least serious messages that are logged. */
export type LogLevel = 'debug' | 'info' | 'warning' | 'error' | 'critical';

/** Whom to trust on the other end of HTTPS. */
export interface TlsTrust {
  /** Authorities to trust instead of Node's, PEM. */
  readonly ca: string | undefined;
  /** Trust anybody. */
  readonly insecure: boolean;
}

/** One cloud that the portal shows. */
export interface CloudConfig {
  /** Unique; what messages call it where there are several. */
  readonly name: string;
  /** Of its sections in config.yaml: `clouds[1]`; empty: they stand at the top. */
  readonly path: string;
  /** Further addresses of its Keystone that requests of the API may name. */
  readonly allowedAuthUrls: readonly string[];
  readonly openstack: OpenStackConfig;
  /** undefined when no broker is configured: then there are no notifications to hear. */
  readonly rmq: RabbitMqConfig | undefined;
}

/** The cloud: where it is, and how to sign in. */
export interface OpenStackConfig {
  readonly credentials: Credentials;
  /** undefined: the only region there is. */
  readonly region: string | undefined;
  readonly interface: Interface;
  readonly tls: TlsTrust;
  /** Longest silence before and within an answer, ms. */
  readonly timeoutMs: number;
  /** The same for a list, ms. */
  readonly listTimeoutMs: number;
}

/** The message broker of the cloud. */
export interface RabbitMqConfig {
  /** Tried in this order; never empty. */
  readonly hosts: readonly string[];
  readonly port: number;
  readonly username: string;
  readonly password: Secret;
  readonly vhost: string;
  /** undefined: plain TCP. */
  readonly tls: { readonly ca: string | undefined } | undefined;
  /** Part of our queues' names, so that two services can share a broker. */
  readonly deployment: string;
  readonly exchanges: readonly string[];
  /** An existing queue to consume, as the first version did, instead of queues of our own. */
  readonly queue: string | undefined;
}

/** The portal: where it is, and how to sign in. */
export interface ConcertimConfig {
  /** Without a slash at its end. */
  readonly url: string;
  readonly login: string;
  readonly password: Secret;
  /** undefined: it is detected. */
  readonly release: Release | undefined;
  /** In rack units, 1 to 72. */
  readonly defaultRackHeight: number;
  /** undefined: stacks that name none have none. */
  readonly defaultClusterType: string | undefined;
  readonly tls: TlsTrust;
  /** Longest silence before and within an answer, ms. */
  readonly timeoutMs: number;
  /** The same for a list, ms. */
  readonly listTimeoutMs: number;
}

/** Keeping the portal in step with the cloud. */
export interface UpdatesConfig {
  readonly intervalMs: number;
  /** Within this time every rack and device of the portal is read. */
  readonly auditIntervalMs: number;
  /** Of the owned objects of a kind, 0 to 1: where there is only absence, a run that would delete more deletes none. */
  readonly maxDeletionShare: number;
  /** Deletions of a kind that are allowed whatever their share. */
  readonly maxDeletions: number;
  /** Whether servers of no stack are left out or stand in one rack a project. */
  readonly standaloneServers: 'ignore' | 'rack';
  /** What updates_bulk does while it cannot reach the broker that elects the writer. */
  readonly withoutElection: 'write' | 'wait';
}

/** Figures of the instances. */
export interface MetricsConfig {
  readonly intervalMs: number;
  /** How long the portal shows a value that is not renewed. */
  readonly ttlMs: number;
  /** CPU utilisation as a share of all of an instance's vCPUs, instead of their sum. */
  readonly cpuPerVcpu: boolean;
  /** The names of figures: those that this service's version of that year used. */
  readonly names: '2023' | '2024';
  /** Longest silence before and within an answer of the metric daemon, ms. */
  readonly timeoutMs: number;
}

/** The server that takes requests of the portal. */
export interface ApiConfig {
  readonly host: string;
  readonly port: number;
  /** Begins with a slash, ends with none; undefined: there is none. */
  readonly pathPrefix: string | undefined;
  /** Identity addresses, beside the configured one, that a request may name. */
  readonly allowedAuthUrls: readonly string[];
  readonly jwt: JwtPolicy;
  /** Names of Keystone's roles for what the portal calls an admin, and a member, of a team; never empty. */
  readonly teamRoles: { readonly admin: readonly string[]; readonly member: readonly string[] };
  /** PEM; undefined: plain HTTP. */
  readonly tls: { readonly cert: string; readonly key: Secret } | undefined;
  readonly ui: boolean;
  readonly uiToken: Secret | undefined;
}

/** The service's own metrics and traces. */
export interface ObservabilityConfig {
  readonly host: string;
  /** undefined: own metrics are not served. */
  readonly port: number | undefined;
  /** undefined: no traces. */
  readonly otlpEndpoint: string | undefined;
}
