/**
 * `npm run uninstall:systemd [-- --root FOLDER]`: stops and removes what install:systemd put in place. Configuration, logs,
 * data and the user stay.
 */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './command.ts';
import { rootOf, systemdPlaces } from './systemd-places.ts';
import { unitFiles } from './systemd-units.ts';

const root = rootOf(process.argv);
const places = systemdPlaces(root);
const isRunning = root === '/' && existsSync('/run/systemd/system');

if (isRunning) {
  const units = unitFiles.map((unit) => unit.replace('@.', '@*.'));
  const { output } = await run('systemctl', [
    'disable',
    '--now',
    ...units.filter((unit) => !unit.includes('*')),
  ]);
  process.stdout.write(output);
  await run('systemctl', ['stop', ...units]);
}
for (const unit of unitFiles) rmSync(join(places.units, unit), { force: true });
rmSync(places.command, { force: true });
rmSync(places.package, { recursive: true, force: true });
rmSync(places.compiled, { recursive: true, force: true });
if (isRunning) await run('systemctl', ['daemon-reload']);

console.log(`Removed. What stays, to be removed by hand if it is not wanted:
  ${places.configuration}
  ${join(root, 'var/log/concertim-openstack-service')}
  ${join(root, 'var/lib/concertim-openstack-service')}
  the user and group concertim`);
