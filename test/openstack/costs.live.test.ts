/**
 * `updates_bulk --once` with a real CloudKitty (v2, InfluxDB) beside the real cloud: what devices, racks and teams of the sandbox's
 * portal show is what was rated, added up here by hand. Frames are pushed; no processor runs.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { Faults } from '../../src/sandbox/faults.ts';
import type { HttpService } from '../../src/sandbox/http-service.ts';
import { Portal } from '../../src/sandbox/portal/portal.ts';
import { startPortal } from '../../src/sandbox/portal/start-portal.ts';
import { command, type Finished } from '../support/command.ts';
import { openstackSection, signIn } from './openrc.ts';
import { type ReportedCloud, reportedCloud, type Server } from './reported-cloud.ts';

const run = promisify(execFile);
const rating = fileURLToPath(new URL('rating', import.meta.url));
const hourMs = 3_600_000;
const portal = new Portal({ release: 'main' });
const folder = mkdtempSync(join(tmpdir(), 'costs-'));
const admin = signIn();
/** By server: what was pushed of it, in thousandths. */
const pushed = new Map<string, number>();
/** Rated in the owner's project for what no stack has, in thousandths. */
const elsewhere = 1_250;
let cloud: ReportedCloud;
let service: HttpService;
let projectId: string;
let finished: Finished[];

beforeAll(async () => {
  await run(rating);
  service = await startPortal({ portal, faults: new Faults() });
  cloud = await reportedCloud();
  const account = process.env['OPENSTACK_ACCOUNT'] ?? 'CM_user1';
  projectId = cloud.projects.find(({ Name }) => Name === `${account}_proj`)?.ID ?? '';
  portal.addUser({ login: 'user1', project_id: projectId, billing_acct_id: 'user1' });
  // Fractions of a cent each, whole cents together.
  for (const [at, { id }] of servers().entries()) await rate(id, projectId, 4, 125 + 25 * at);
  await rate('a-volume-of-nobody', projectId, 1, elsewhere);
  await rate('of-another-project', 'f'.repeat(32), 2, 5_000);
  finished = [await runOnce(), await runOnce()];
});

afterAll(async () => {
  await run(rating, ['--stop']);
  await Promise.all([admin.close(), service.close()]);
  rmSync(folder, { recursive: true });
});

test('both runs go well', () => {
  for (const { code, stderr } of finished) expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(servers().length).toBeGreaterThanOrEqual(3);
});

test('every device costs what its object was rated: servers what was pushed, networks nothing', () => {
  const shown = portal.devices.all().map(({ metadata, cost }) => ({ id: idOf(metadata), cost }));
  expect(shown.map(({ id }) => id)).toEqual(expect.arrayContaining(servers().map(({ id }) => id)));
  expect(shown.length).toBeGreaterThan(servers().length);
  expect(shown).toEqual(shown.map(({ id }) => ({ id, cost: toCents((pushed.get(id) ?? 0) / 1000) })));
});

test('every rack costs what its servers were rated', () => {
  const racks = portal.racks.all();
  expect(racks.length).toBeGreaterThan(0);
  for (const { id, cost } of racks) {
    const own = portal.devices.all().filter(({ rack_id }) => rack_id === id);
    const sum = own.reduce((all, { metadata }) => all + (pushed.get(idOf(metadata)) ?? 0), 0);
    expect(sum).toBeGreaterThan(0);
    expect(cost).toBe(toCents(sum / 1000));
  }
});

test('the team costs all that was rated of its project, of no stack too, and nothing of another', () => {
  const sum = [...pushed.values()].reduce((all, one) => all + one, 0) + elsewhere;
  const team = portal.users.all().find(({ project_id }) => project_id === projectId);
  expect(Number(team?.cost)).toBe(toCents(sum / 1000));
});

function toCents(amount: number): number {
  return Math.round(amount * 100) / 100;
}

function idOf(metadata: Readonly<Record<string, unknown>>): string {
  return String(metadata['openstack_instance_id']);
}

/** Of the stacks of the portal's one owner. */
function servers(): Server[] {
  return cloud.stacks.filter(({ project_id }) => project_id === projectId).flatMap((stack) => stack.servers);
}

/** So many hours of this month, each at so many thousandths. */
async function rate(id: string, project: string, hours: number, thousandths: number): Promise<void> {
  const month = new Date();
  const first = Date.UTC(month.getUTCFullYear(), month.getUTCMonth(), 1);
  const dataframes = Array.from({ length: hours }, (_, hour) => ({
    period: { begin: iso(first + hour * hourMs), end: iso(first + (hour + 1) * hourMs) },
    usage: {
      instance: [
        {
          vol: { unit: 'instance', qty: 1 },
          rating: { price: thousandths / 1000 },
          groupby: { id, project_id: project, user_id: 'u' },
          metadata: {},
        },
      ],
    },
  }));
  await admin.request('rating', {
    method: 'POST',
    path: '/dataframes',
    route: '/dataframes',
    body: { dataframes },
  });
  if (project === projectId && id !== 'a-volume-of-nobody') pushed.set(id, hours * thousandths);
}

function iso(at: number): string {
  return new Date(at).toISOString().replace('.000Z', '+00:00');
}

async function runOnce(): Promise<Finished> {
  const file = join(folder, 'config.yaml');
  const settings = {
    data_dir: join(folder, 'data'),
    openstack: openstackSection(),
    concertim: { concertim_url: service.url, concertim_username: 'admin', concertim_password: 'admin' },
  };
  writeFileSync(file, stringify(settings));
  return command('run', 'updates_bulk', '--once', '--config', file).finished;
}
