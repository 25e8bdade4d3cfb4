import { join } from 'node:path';

/** Where things stand on a machine whose root folder is `root`: `/`, or that of an image that is being made. */
export function systemdPlaces(root: string) {
  return {
    package: join(root, 'opt/concertim-openstack-service'),
    command: join(root, 'usr/local/bin/concertim-openstack-service'),
    units: join(root, 'etc/systemd/system'),
    /** What Node has compiled. */
    compiled: join(root, 'var/cache/concertim-openstack-service'),
    configuration: join(root, 'etc/concertim-openstack-service'),
  };
}

/** What `--root FOLDER` says; `/` without. */
export function rootOf(args: readonly string[]): string {
  const at = args.indexOf('--root');
  return at < 0 ? '/' : (args[at + 1] ?? '/');
}
