import { z } from 'zod';
import { releases } from '../concertim/profile.ts';
import {
  cloudName,
  day,
  duration,
  flag,
  host,
  listOf,
  oneOf,
  optional,
  path,
  port,
  required,
  secret,
  share,
  size,
  text,
  url,
  whole,
} from './setting.ts';

/** Where a cloud is, and how to sign in. */
const openstack = z.strictObject({
  auth_url: optional(url, {
    description: 'Address of Keystone. One that ends in `/v2.0` is spoken to as identity v2.0.',
    example: 'http://controller:5000/v3',
  }),
  username: optional(text, {
    description: 'User to sign in as; it needs to see all projects.',
    example: 'concertim',
  }),
  user_id: optional(text, { description: 'The same by id; it needs no user domain.' }),
  password: optional(secret, { description: 'Password of that user.', example: 'openstack-password' }),
  user_domain_name: optional(text, { description: 'Domain of the user.', example: 'Default' }),
  user_domain_id: optional(text, { description: 'The same by id.' }),
  project_name: optional(text, {
    description: 'Project to sign in to; an admin project.',
    example: 'admin',
  }),
  project_id: optional(text, { description: 'The same by id; it needs no project domain.' }),
  project_domain_name: optional(text, { description: 'Domain of the project.', example: 'Default' }),
  project_domain_id: optional(text, { description: 'The same by id.' }),
  tenant_name: optional(text, { description: 'Project to sign in to, in the words of identity v2.0.' }),
  tenant_id: optional(text, { description: 'The same by id.' }),
  application_credential_id: optional(text, { description: 'Application credential to sign in with.' }),
  application_credential_name: optional(text, {
    description: 'The same by name; it needs `user_id`, or `username` and the user domain.',
  }),
  application_credential_secret: optional(secret, { description: 'Secret of the application credential.' }),
  cloud: optional(text, {
    description:
      'Name of a cloud in `clouds.yaml`, which then says how to sign in. It is looked for at `$OS_CLIENT_CONFIG_FILE`, in the working directory, in `~/.config/openstack` and in `/etc/openstack`; a `secure.yaml` (`$OS_CLIENT_SECURE_FILE`, the same folders) adds to it.',
  }),
  region_name: optional(text, {
    description: 'Region whose endpoints are used; needed where there are several.',
  }),
  interface: optional(
    oneOf(['public', 'internal', 'admin'], {
      publicurl: 'public',
      internalurl: 'internal',
      adminurl: 'admin',
    }),
    { description: "Which of a service's endpoints is used.", default: 'public' },
  ),
  timeout: optional(duration(5, 3_600), {
    description:
      'How long a list of a cloud service may pause before it times out; one that keeps sending may take ten times as long. Other requests time out after 75 s of silence, or after this time if it is shorter.',
    default: '180',
  }),
  cacert: optional(path, {
    description: 'Certificates (PEM) of the authorities that signed those of the cloud.',
  }),
  insecure: optional(flag, {
    description: 'Accept any certificate: a man in the middle can then read the password.',
    default: 'false',
  }),
});

/** The message broker of a cloud. */
const rmq = z.strictObject({
  rmq_address: optional(listOf(host), {
    description:
      "Host of the RabbitMQ that carries the cloud's notifications, or a list of the members of its cluster.",
    example: 'controller',
  }),
  rmq_port: optional(port, { description: 'Its port. Default: 5672, with `tls` 5671.' }),
  rmq_username: optional(text, { description: 'User to sign in as.', default: 'openstack' }),
  rmq_password: optional(secret, { description: 'Password of that user.', example: 'rabbitmq-password' }),
  rmq_path: optional(text, { description: 'Virtual host.', default: '/' }),
  tls: optional(flag, { description: 'Connect with TLS.', default: 'false' }),
  cacert: optional(path, {
    description: 'Certificates (PEM) of the authorities that signed that of the broker.',
  }),
  deployment: optional(text, {
    description:
      'Part of the names of our queues; services that share a broker need different ones. For each of the `clouds` after the first, the name of the cloud is added.',
    default: 'default',
  }),
  exchanges: optional(listOf(text), {
    description:
      "Exchanges on which the cloud's services publish. Default: `nova`, `heat`, `cinder`, `neutron`, `openstack`.",
  }),
  queue: optional(text, {
    description:
      'Existing queue to consume instead of our own, as the first version did: this takes its messages from others.',
  }),
});

/** One of several clouds. Where there is one, its sections stand at the top. */
export const Cloud = z.strictObject({
  name: required(cloudName, {
    description:
      'Name of the cloud, in messages, in the metadata of racks and devices (`openstack_cloud`) and in the keys of templates: it should never change.',
    example: 'north',
  }),
  allowed_auth_urls: optional(listOf(url), {
    description:
      "Further addresses of this cloud's Keystone that a request to the API may name, such as its public one. Those in `api.allowed_auth_urls` are the first cloud's.",
    example: 'https://keystone.north.example.com:5000/v3',
  }),
  openstack,
  rmq,
});

/**
 * Every key of config.yaml, declared once: `read-settings.ts` reads by it, docs/configuration.md and
 * config.example.yaml are written from it. The keys of the first version keep their names.
 */
export const ConfigFile = z.strictObject({
  log_level: optional(oneOf(['debug', 'info', 'warning', 'error', 'critical'], { warn: 'warning' }), {
    description: 'The least serious messages that are logged.',
    default: 'info',
  }),
  log_dir: optional(path, {
    description:
      'Folder in which each component keeps a log file, such as `updates_bulk.log`, beside standard output.',
    suggestion: '/var/log/concertim-openstack-service',
  }),
  data_dir: optional(path, {
    description:
      'Folder for files that outlive the process. Back it up where costs are shown or billed (docs/billing.md).',
    suggestion: '/var/lib/concertim-openstack-service/data',
  }),

  openstack,

  clouds: z.array(Cloud),

  concertim: z.strictObject({
    concertim_url: required(url, {
      description: 'Address of Concertim.',
      example: 'https://concertim.example.com',
    }),
    concertim_username: required(text, { description: 'Login of an admin of Concertim.', example: 'admin' }),
    concertim_password: required(secret, {
      description: 'Password of that admin.',
      example: 'concertim-password',
    }),
    release: optional(oneOf(['auto', ...releases]), {
      description: 'Release of Concertim; `auto`: it is found out.',
      default: 'auto',
    }),
    default_rack_height: optional(whole(1, 72), {
      description: 'Height, in rack units, of the racks that are made. A stack that needs more gets more.',
      default: '42',
    }),
    default_cluster_type: optional(text, {
      description:
        'Type of cluster of stacks that name none in their parameter `cluster-type` or their output `concertim_cluster_type`: its id in the cluster builder. Only the release `next` needs it: there, no rack can be created without a type that the portal knows.',
      suggestion: 'slurm-standalone',
    }),
    timeout: optional(duration(5, 3_600), {
      description:
        'How long a list of Concertim may pause before it times out; one that keeps sending may take ten times as long. Other requests time out after 75 s of silence, or after this time if it is shorter.',
      default: '300',
    }),
    cacert: optional(path, {
      description: 'Certificates (PEM) of the authorities that signed that of Concertim.',
    }),
    insecure: optional(flag, {
      description: 'Accept any certificate: a man in the middle can then read the password.',
      default: 'false',
    }),
  }),

  updates: z.strictObject({
    interval: optional(duration(1, 86_400), {
      description: 'Time from the start of one full reconcile to the start of the next.',
      default: '150',
    }),
    audit_interval: optional(duration(1, 86_400), {
      description:
        'Within this time every rack and device in Concertim is read, and what others have changed there is put right. In a portal of more than 150 racks or devices a full reconcile reads only the racks in doubt and those that it changes; if this time is no longer than `interval`, it reads all.',
      default: '1800',
    }),
    max_deletion_share: optional(share, {
      description:
        "Objects may be absent from the cloud's lists without a proof that they were deleted. If these are more than this share of one user's racks or devices, a run deletes none of that user's; if more than this share of all users' together, without the user who misses most, it deletes none at all. The log says so. The same share limits what a mapping leaves out or shows elsewhere.",
      default: '5%',
    }),
    max_deletions: optional(whole(0, 1_000_000), {
      description:
        'Deletions of a kind that are always allowed, of each owner and of all owners together, whatever their share, unless they are all objects of the kind. Raise it to allow more.',
      default: '5',
    }),
    standalone_servers: optional(oneOf(['ignore', 'rack']), {
      description:
        "Servers that belong to no stack: `ignore` leaves them out, `rack` puts a project's into one rack named `standalone`.",
      default: 'ignore',
    }),
    without_election: optional(oneOf(['write', 'wait']), {
      description:
        'What updates_bulk does while it cannot reach the RabbitMQ that elects the writer: `write` continues with its full reconciles, `wait` writes nothing until it is elected. Set `wait` where the service runs on more than one machine, and in several replicas: a machine that is cut off from RabbitMQ cannot see that another one was elected.',
      default: 'write',
    }),
  }),

  rmq,

  metrics: z.strictObject({
    interval: optional(duration(1, 3_600), {
      description: 'Time from one cycle to the next.',
      default: '15',
    }),
    ttl: optional(duration(1, 86_400), {
      description:
        'How long Concertim shows a value that is not renewed, at least the interval. Its chart page lists current metrics only: with a short time it loses the history of an instance soon after it is stopped.',
      default: '3600',
    }),
    names: optional(oneOf(['2023', '2024']), {
      description:
        'Names of the figures in Concertim: `2023`, such as `os.instance.cpu_utilization`, or `2024`, such as `cpu_load`, for sites whose saved charts have those.',
      default: '2023',
    }),
    cpu_per_vcpu: optional(flag, {
      description:
        'CPU utilisation from 0 to 100 % whatever the number of vCPUs; `false` gives their sum, as the first version did.',
      default: 'true',
    }),
  }),

  api: z.strictObject({
    host: optional(host, { description: 'Address to listen on.', default: '0.0.0.0' }),
    port: optional(port, { description: 'Port to listen on.', default: '42356' }),
    path_prefix: optional(text, {
      description:
        "Path that stands before the API's own in Concertim's address of it, such as `/openstack`: all is served with and without it.",
    }),
    allowed_auth_urls: optional(listOf(url), {
      description:
        'Further Keystone addresses, beside `openstack.auth_url`, that a request may have its credentials sent to.',
    }),
    jwt_secret: optional(secret, {
      description: 'Secret that Concertim signs its tokens with, 16 characters at least.',
      variable: 'JWT_SECRET',
      mayNotBeEmpty: true,
    }),
    jwt: optional(oneOf(['required', 'if-present', 'off']), {
      description:
        'Which requests need a token: `required`, all of them; `if-present`, a request without a token passes, one with a bad token does not; `off`, none. Default: `required` with a secret, `off` without.',
    }),
    allow_dummy_token: optional(flag, {
      description:
        'Accept the literal `DUMMYTOKEN` of cluster builder 1.0.0 for the four calls that it makes. Anybody who can reach the port can send it.',
      default: 'false',
    }),
    team_admin_roles: optional(listOf(text), {
      description:
        "Roles in Keystone, in the team's project, of a user who is an admin of a team in Concertim. Never `admin`, which rules the whole cloud.",
      default: 'member',
    }),
    team_member_roles: optional(listOf(text), {
      description:
        'The same of a user who is a member of a team. Where the policies of the cloud know no `reader`, give `member`.',
      default: 'reader',
    }),
    tls_cert: optional(path, { description: 'Own certificate (PEM), with its chain, to serve HTTPS.' }),
    tls_key: optional(path, { description: 'Private key (PEM) of that certificate.' }),
    ui: optional(flag, {
      description: 'Serve the status page at `/ui/`.',
      default: 'true',
    }),
    ui_token: optional(secret, {
      description:
        'Token that the status page asks for. Default: one that is in the file `status-page-token` in `data_dir`, for the user of the service alone.',
    }),
  }),

  billing: z.strictObject({
    enabled: optional(flag, {
      description: 'Give user `cloudkitty` the role `rating` in the projects that are created.',
      default: 'false',
    }),
    platform: optional(oneOf(['none', 'killbill']), {
      description:
        'What accounts, orders and invoices are kept in: `none` gives everybody free credits and bills nobody.',
      default: 'none',
    }),
    rating: optional(oneOf(['cloudkitty', 'none']), {
      description:
        'Where costs come from: `cloudkitty` shows what it has rated, in a cloud that has one; `none` writes no costs.',
      default: 'cloudkitty',
    }),
    free_credits: optional(whole(0, 1_000_000_000), {
      description:
        'Credits that everybody has where there is no billing platform; the portal lets no cluster be made with fewer than 25.',
      default: '1000000',
    }),
    usage_since: optional(day, {
      description:
        'First day whose usage is recorded for orders that another service has opened, such as the service of 2024, which recorded usage itself up to the day before. Default: never; orders that this service opens are billed from their first day on.',
      suggestion: '2026-12-01',
    }),
  }),

  killbill: z.strictObject({
    api_host: optional(url, {
      description: 'Address of KillBill.',
      suggestion: 'http://killbill:48080',
    }),
    username: optional(text, { description: 'User to sign in as.', default: 'admin' }),
    password: optional(secret, { description: 'Password of that user.' }),
    apikey: optional(secret, { description: 'Key of the tenant.' }),
    apisecret: optional(secret, { description: 'Secret of the tenant.' }),
    plan_name: optional(text, {
      description: 'Plan of the catalog that each order is a subscription to.',
      default: 'openstack-standard-monthly',
    }),
  }),

  observability: z.strictObject({
    host: optional(host, {
      description: 'Address on which a component serves its own metrics.',
      default: '127.0.0.1',
    }),
    port: optional(port, {
      description:
        'Port for them; without one they are not served. Of processes on one machine, updates_bulk (or all in one) takes this one, updates_mq, metrics and api the next three, and a second process of each the four after these.',
    }),
    otlp_endpoint: optional(url, {
      description:
        'OpenTelemetry collector that takes traces by OTLP over HTTP; `/v1/traces` is added. Without one nothing is traced.',
      suggestion: 'http://localhost:4318',
    }),
  }),

  log_rotation: z.strictObject({
    size: optional(size, {
      description: 'A log file that reaches this size is rotated.',
      default: '20 MB',
    }),
    files: optional(whole(1, 1_000), { description: 'So many files are kept of each log.', default: '5' }),
  }),
});

export type ConfigFile = z.output<typeof ConfigFile>;

/** What each section is for, and which of them nothing in this version acts on yet. */
export const sections: Readonly<
  Record<Exclude<keyof ConfigFile, `log_${'level' | 'dir'}` | 'data_dir'>, { about: string; unused?: true }>
> = {
  openstack: { about: 'The cloud: where it is, and how to sign in.' },
  concertim: { about: 'The portal.' },
  updates: { about: 'Keeping the portal in step with the cloud.' },
  rmq: {
    about: 'The message broker of the cloud. These keys are also read under `openstack`.',
  },
  clouds: {
    about:
      "Several clouds, or regions of one, in place of `openstack` and `rmq`: a list with a name, and with the keys of these two, for each. The first must stay the first: its templates have the keys that a single cloud's have, and requests to the API that name no cloud are for it.",
  },
  metrics: { about: 'Figures of the instances: see docs/telemetry.md.' },
  api: { about: 'The server that takes requests of the portal.' },
  billing: { about: 'Accounts, orders and costs: see docs/billing.md.' },
  killbill: { about: 'KillBill, where billing.platform names it.' },
  observability: { about: "The service's own metrics and traces." },
  log_rotation: { about: 'Log files.' },
};

/** Keys that are read in a second place too: written there by the first version, or by a natural mistake. */
export const alsoRead: readonly {
  readonly key: string;
  readonly home: keyof ConfigFile;
  readonly also: '' | keyof ConfigFile;
  /** Its name in the home section, where that differs. */
  readonly as?: string;
}[] = [
  ...['rmq_address', 'rmq_port', 'rmq_username', 'rmq_password', 'rmq_password_file', 'rmq_path'].map(
    (key) => ({ key, home: 'rmq', also: 'openstack' }) as const,
  ),
  { key: 'standalone_servers', home: 'updates', also: '' },
  { key: 'billing_platform', home: 'billing', also: '', as: 'platform' },
];

/** Top-level keys of the version of 2024 that say nothing to this one. */
export const keysOf2024: Readonly<Record<string, string>> = {
  cloud_type: 'the cloud is always OpenStack here, you can remove it',
  message_queue: 'the broker is always RabbitMQ here, you can remove it; see rmq',
};
