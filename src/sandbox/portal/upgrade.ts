import { type Release, releases } from '../../concertim/profile.ts';
import type { Portal } from './portal.ts';

/** A migration of the portal's database ended with an error; what it had destroyed by then stays destroyed. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError';
}

/**
 * What the migrations that lead to each release do to the rows, as measured with the releases' own on recorded databases;
 * undefined: nobody can upgrade to it, a new database is needed.
 */
const migrations: Readonly<Record<Release, ((portal: Portal) => void) | undefined>> = {
  '0.2.1': undefined,
  '2023-08': undefined,
  '0.2.3': undefined,
  '1.1': (portal) => {
    destroyRacks(portal);
    for (const { id, rackable } of portal.templates.all()) if (rackable) portal.templates.remove(id);
    for (const { id } of portal.users.all()) portal.users.update(id, { credits: 0 });
  },
  '1.2': (portal) => {
    const had = portal.racks.size;
    destroyRacks(portal);
    if (had > 0) throw new MigrationError("undefined method 'team_id' for an instance of HwRack");
    for (const { id } of portal.teamRoles.all()) portal.teamRoles.remove(id);
    for (const { id } of portal.users.all()) {
      portal.users.update(id, {
        project_id: null,
        billing_acct_id: null,
        billing_period_start: null,
        billing_period_end: null,
        cost: 0,
        credits: 0,
        team_name: null,
      });
    }
  },
  main: () => undefined,
  next: (portal) => {
    if (portal.devices.size > 0) throw new MigrationError('Instance is not a subclass of Device');
    destroyRacks(portal);
  },
};

/**
 * Makes another release of a portal, as its `db:migrate` does.
 *
 * @throws {MigrationError} when it stops, as the real one does where there are racks or devices; the release stays
 * @throws {RangeError} there is no way from the one to the other
 */
export function upgrade(portal: Portal, to: Release): void {
  const ahead = releases.slice(releases.indexOf(portal.release) + 1, releases.indexOf(to) + 1);
  const steps = ahead.map((release) => migrations[release]);
  if (steps.length === 0 || steps.includes(undefined)) {
    throw new RangeError(`Concertim cannot be upgraded from ${portal.release} to ${to}.`);
  }
  for (const migrate of steps) migrate?.(portal);
  portal.become(to);
}

function destroyRacks(portal: Portal): void {
  for (const { id } of portal.racks.all()) portal.deleteRack(id);
  for (const { id } of portal.devices.all()) portal.devices.remove(id);
}
