import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Release } from '../../src/concertim/profile.ts';

/** A container that a release of Concertim's playbook builds and starts for the companion service. */
export interface PlaybookContainer {
  /** Of the image that it builds, and of the container. */
  readonly image: string;
  /** `Dockerfiles/Dockerfile.<this>`, with the root of the sources as build context, over the host's network. */
  readonly dockerfile: string;
  /** The command of its Python image. Our image starts the same without it, and accepts it. */
  readonly command: string;
}

/** What a release of Concertim's playbook needs from the companion's sources. */
export interface PlaybookRelease {
  readonly playbook: string;
  /** Of the portal that it installs beside the companion. */
  readonly portal: Release;
  readonly containers: readonly PlaybookContainer[];
  /** Whether `JWT_SECRET` is in each container's environment. */
  readonly givesJwtSecret: boolean;
}

/**
 * What all releases mount into the containers; root owns it, with mode 0755. The containers begin as root,
 * without a command.
 */
export const mounts = {
  '/etc/concertim-openstack-service/config.yaml': 'etc/openstack-service/config.yaml',
  '/app/var/log/': 'var/log/openstack-service/',
  '/app/var/data/': 'var/lib/openstack-service/data/',
} as const;

/**
 * The placeholders of the sample configuration in the sources, and what the playbook writes in their place.
 * It copies the sample once, and fails without it. From v1.2.0 on it leaves those of KillBill.
 */
const replacements = [
  { key: 'concertim_url', placeholder: 'https://host.concertim', value: 'https://proxy:7443' },
  { key: 'concertim_password', placeholder: 'password', value: 'admin' },
  { key: 'api_host', placeholder: 'http://host.killbill:8080', value: 'http://killbill:48080' },
] as const;

/** config.yaml as a first run of the playbook leaves it. @throws when a placeholder is missing */
export function freshConfig(): string {
  let text = readFileSync(join(import.meta.dirname, '../../etc/config-sample.yaml'), 'utf8');
  for (const { key, placeholder, value } of replacements) {
    const line = new RegExp(`^(\\s*${key}:\\s*)"${placeholder}"`, 'm');
    if (!line.test(text)) throw new Error(`the sample has no ${key}: "${placeholder}"`);
    text = text.replace(line, `$1"${value}"`);
  }
  return text;
}

const container = (image: string, dockerfile: string, command: string): PlaybookContainer => ({
  image: `concertim-${image}`,
  dockerfile,
  command: `python3 /app/driver.py ${command}`,
});

const four = [
  container('api-server', 'api_server', 'run=api_server'),
  container('bulk-updates', 'updates_bulk', 'run=updates_bulk'),
  container('mq-listener', 'updates_mq', 'run=updates_mq'),
  container('metrics', 'metrics', 'run=metrics'),
];
const five = [...four, container('billing', 'billing', 'run=billing')];
const six = [
  container('api-server', 'api_server', '--process=api'),
  container('billing', 'billing', '--process=billing'),
  container('bulk-updates', 'fe_updates', '--process=fe_updates'),
  container('mq-listener', 'view_queue', '--process=view_queue'),
  container('view-sync', 'view_sync', '--process=view_sync'),
  container('metrics', 'fe_metrics', '--process=fe_metrics'),
];

/** The releases that deploy the companion: v0.2.1 does not. */
export const releases: readonly PlaybookRelease[] = [
  { playbook: 'v0.2.2', portal: '0.2.3', containers: four, givesJwtSecret: false },
  { playbook: 'v1.0.0', portal: '1.1', containers: five, givesJwtSecret: true },
  { playbook: 'v1.0.1', portal: '1.1', containers: five, givesJwtSecret: true },
  { playbook: 'v1.1.0', portal: '1.1', containers: five, givesJwtSecret: true },
  { playbook: 'v1.2.0', portal: '1.2', containers: six, givesJwtSecret: true },
  { playbook: 'main', portal: 'main', containers: six, givesJwtSecret: true },
];

/** The releases with equal requirements as one, with all their names. */
export const distinctReleases: readonly PlaybookRelease[] = [
  ...Map.groupBy(releases, (release) => JSON.stringify({ ...release, playbook: '' })).values(),
].flatMap(([first, ...others]) =>
  first ? { ...first, playbook: [first, ...others].map(({ playbook }) => playbook).join(', ') } : [],
);
