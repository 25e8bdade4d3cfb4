/**
 * `npm run install:systemd [-- --root FOLDER]`: puts the package with a Node of its own, the units, the user and a sample
 * of the configuration in place. What is there of an earlier installation is replaced, but for the configuration.
 */
import assert from 'node:assert/strict';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join, relative } from 'node:path';
import { root as checkout, run } from './command.ts';
import { rootOf, systemdPlaces } from './systemd-places.ts';
import { unitFiles } from './systemd-units.ts';

const user = 'concertim';
const root = rootOf(process.argv);
const isHere = root === '/';
const places = systemdPlaces(root);
const fresh = `${places.package}.new`;

if (isHere) assert.equal(process.getuid?.(), 0, 'Only root may install: sudo npm run install:systemd');

rmSync(fresh, { recursive: true, force: true });
mkdirSync(join(fresh, 'bin'), { recursive: true });
await installPackage();
await succeed('systemd-sysusers', [`--root=${root}`, join(checkout, 'systemd/concertim.sysusers.conf')]);
rmSync(places.package, { recursive: true, force: true });
renameSync(fresh, places.package);
installCommand();
installUnits();
await installConfiguration();
if (isHere && existsSync('/run/systemd/system')) await succeed('systemctl', ['daemon-reload']);

console.log(`Installed. Next:
  edit ${join(places.configuration, 'config.yaml')}
  concertim-openstack-service check-config
  systemctl enable --now concertim_updates_bulk concertim_updates_mq concertim_metrics concertim_api_server
or all four in one process:
  systemctl enable --now concertim@all`);

/** What `npm pack` would publish, the packages it needs as they stand in node_modules, and the Node that runs this. */
async function installPackage(): Promise<void> {
  const packed = await succeed('npm', ['pack', '--json', '--loglevel=error', '--pack-destination', fresh]);
  const [file] = /[\w.-]+\.tgz/.exec(packed) ?? [];
  assert(file, `npm pack names no file: ${packed}`);
  await succeed('tar', ['-xzf', join(fresh, file), '-C', fresh, '--strip-components=1', '--no-same-owner']);
  rmSync(join(fresh, file));

  const listed = await succeed('npm', ['ls', '--all', '--omit=dev', '--parseable', '--loglevel=error']);
  const folders = listed
    .split('\n')
    .map((path) => relative(checkout, path.trim()))
    .filter((path) => path.startsWith('node_modules/'));
  assert(folders.length > 10, `npm ls lists too few packages: ${listed}`);
  for (const folder of folders) cpSync(join(checkout, folder), join(fresh, folder), { recursive: true });

  copyFileSync(process.execPath, join(fresh, 'bin/node'));
  chmodSync(join(fresh, 'bin/node'), 0o755);
}

/**
 * For `plan`, `status`, `run --once` and the like: with the Node, the folder of data, the secrets and, where root asks, the
 * user that the units have. What root would write the units could not.
 */
function installCommand(): void {
  const at = '/opt/concertim-openstack-service/bin';
  mkdirSync(join(places.command, '..'), { recursive: true });
  const text = `#!/bin/sh
export STATE_DIRECTORY="\${STATE_DIRECTORY-/var/lib/concertim-openstack-service}"
export NODE_COMPILE_CACHE="\${NODE_COMPILE_CACHE-/var/cache/concertim-openstack-service}"
secrets=/etc/concertim-openstack-service/environment
as=
[ "$(id -u)" -ne 0 ] || as='setpriv --reuid=${user} --regid=${user} --init-groups'
with=
if [ -e "$secrets" ]; then
  if ! $as test -r "$secrets"; then
    echo "The account of this command cannot read $secrets, which the units read." >&2
    echo "Try: chown root:${user} $secrets; chmod 640 $secrets" >&2
    exit 78
  fi
  with="--env-file=$secrets"
fi
exec $as ${at}/node $with ${at}/concertim-openstack-service "$@"
`;
  writeFileSync(places.command, text);
  chmodSync(places.command, 0o755);
}

function installUnits(): void {
  mkdirSync(places.units, { recursive: true });
  for (const unit of unitFiles) copyFileSync(join(checkout, 'systemd', unit), join(places.units, unit));
}

/** A sample under the name of the configuration too, where there is none yet; only root and the service may read it. */
async function installConfiguration(): Promise<void> {
  const file = join(places.configuration, 'config.yaml');
  const isNew = !existsSync(places.configuration);
  mkdirSync(places.configuration, { recursive: true, mode: 0o750 });
  copyFileSync(join(checkout, 'config.example.yaml'), join(places.configuration, 'config.example.yaml'));
  const group = groupId();
  if (isNew) await succeed('chown', [`0:${group}`, places.configuration]);
  if (existsSync(file)) return;
  copyFileSync(join(checkout, 'config.example.yaml'), file);
  chmodSync(file, 0o640);
  await succeed('chown', [`0:${group}`, file]);
}

function groupId(): string {
  const groups = readFileSync(join(root, 'etc/group'), 'utf8');
  const [, id] = new RegExp(`^${user}:[^:]*:(\\d+)`, 'm').exec(groups) ?? [];
  assert(id, `there is no group ${user} although systemd-sysusers should have created it`);
  return id;
}

async function succeed(command: string, args: readonly string[]): Promise<string> {
  const { code, output } = await run(command, args);
  assert.equal(code, 0, `${command} ${args.join(' ')} ended with exit code ${code}:\n${output}`);
  return output;
}
