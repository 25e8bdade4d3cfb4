import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Release } from '../../src/concertim/profile.ts';
import { Portal } from '../../src/sandbox/portal/portal.ts';
import { MigrationError, upgrade } from '../../src/sandbox/portal/upgrade.ts';

/** What `db:migrate` of the real releases did to databases with rows; the sandbox's portal loses and keeps the same. */

interface RecordedUpgrade {
  readonly from: string;
  readonly to: string;
  readonly 'db:migrate'?: string;
  readonly 'db:migrate first'?: string;
  readonly 'db:migrate second'?: string;
  readonly after?: string | RowsAfter;
}

interface RowsAfter {
  readonly racks: number;
  readonly devices?: number;
  readonly teams?: number | string;
  readonly templates: string | readonly string[];
  readonly users?: string;
}

const releaseOf: Readonly<Record<string, Release>> = {
  'v0.2.1': '0.2.1',
  'v0.2.3': '0.2.3',
  'v1.0.1': '1.1',
  'v1.1.0': '1.1',
  'v1.2.0': '1.2',
  'new-credits': 'next',
};
const url = new URL('../fixtures/concertim/upgrades.json', import.meta.url);
const recorded = (JSON.parse(readFileSync(url, 'utf8')) as readonly RecordedUpgrade[]).flatMap((each) => {
  const { from, to } = each;
  const [source, target] = [releaseOf[from], releaseOf[to]];
  return source && target ? [{ ...each, source, target }] : [];
});

function filledPortal(release: Release): Portal {
  const portal = new Portal({ release });
  const alice = portal.addUser({
    login: 'alice',
    project_id: 'p1',
    cloud_user_id: 'c1',
    billing_acct_id: 'b1',
  });
  const rack = portal.addRack({ user_id: alice.id, name: 'cluster', order_id: 'o1' });
  const flavor = portal.addTemplate({ name: 'm1.small', height: 1, foreign_id: 'f1' });
  portal.addDevice({ name: 'node', template_id: flavor.id, rack_id: rack.id, start_u: 1 });
  return portal;
}

const alice = (portal: Portal) => portal.users.all().find(({ login }) => login === 'alice');

/** Tries one upgrade. @returns whether it completed */
function migrate(portal: Portal, to: Release): boolean {
  try {
    upgrade(portal, to);
    return true;
  } catch (error) {
    if (error instanceof MigrationError || error instanceof RangeError) return false;
    throw error;
  }
}

test.each(recorded)('from $from to $to', (row) => {
  const { source, target, after } = row;
  const portal = filledPortal(source);
  const first = row['db:migrate'] ?? row['db:migrate first'] ?? '';
  const second = row['db:migrate second'];

  expect(migrate(portal, target), first).toBe(first === 'ok');
  if (second !== undefined) expect(migrate(portal, target), second).toBe(second === 'ok');
  // The last migration completes only without devices.
  if (second === 'the same') {
    expect(portal.release).toBe(source);
    for (const { id } of portal.devices.all()) portal.devices.remove(id);
    expect(migrate(portal, target)).toBe(true);
  }
  if (typeof after !== 'object') {
    expect(portal.release).toBe(source);
    return;
  }
  expect(portal.release).toBe(target);
  expect(portal.racks.size).toBe(after.racks);
  expect(portal.devices.size).toBe(0);
  const flavors = portal.templates.all().filter(({ foreign_id: flavor }) => flavor === 'f1');
  expect(flavors).toHaveLength(String(after.templates).startsWith('kept') ? 1 : 0);
  const {
    project_id: project,
    billing_acct_id: account,
    cloud_user_id: user,
    team_name: team,
  } = alice(portal) ?? {};
  if (after.users?.includes('project_id, billing_acct_id, cost, credits gone'))
    expect([project, account, user]).toEqual([null, null, 'c1']);
  else expect([project, account, user]).toEqual(['p1', 'b1', 'c1']);
  if (after.teams !== undefined) expect(team !== null).toBe(after.teams === 'kept');
});

test('every upgrade that was tried with rows is one of these', () => {
  expect(recorded.map(({ from, to }) => `${from} ${to}`)).toEqual([
    'v0.2.1 v0.2.3',
    'v0.2.3 v1.0.1',
    'v1.1.0 v1.2.0',
    'v1.2.0 new-credits',
  ]);
});
