import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { loadConfig } from '../../src/config/load.ts';
import { createLogger } from '../../src/observability/logger.ts';
import type { RunReport } from '../../src/reconcile/run-report.ts';
import { Faults } from '../../src/sandbox/faults.ts';
import {
  type DeviceRow,
  Portal,
  type RackRow,
  type TemplateRow,
  type UserRow,
} from '../../src/sandbox/portal/portal.ts';
import { startPortal } from '../../src/sandbox/portal/start-portal.ts';
import { Service } from '../../src/service.ts';
import { password, SmallCloud } from '../support/small-cloud.ts';

/** One moment of a real cloud, and of a real portal that the first version had filled from it. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the shape of a recording is the caller's to know
function recorded<T>(name: string, folder = 'first-version-portal'): T {
  const url = new URL(`../fixtures/${folder}/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(url, 'utf8')) as T;
}

type RackBody = Omit<RackRow, 'user_id'> & { readonly owner: { readonly id: number } };
type DeviceBody = Omit<DeviceRow, 'rack_id' | 'start_u' | 'facing'> & {
  readonly location: Pick<DeviceRow, 'rack_id' | 'start_u' | 'facing'>;
};

function filledPortal(): Portal {
  const portal = new Portal({ release: '2023-08' });
  for (const user of recorded<UserRow[]>('portal-users')) if (!user.root) portal.addUser(user);
  for (const template of recorded<TemplateRow[]>('portal-templates')) portal.addTemplate(template);
  for (const { owner, ...rack } of recorded<RackBody[]>('portal-racks')) {
    portal.addRack({ ...rack, cost: 0, user_id: owner.id });
  }
  for (const { location, ...device } of recorded<DeviceBody[]>('portal-devices')) {
    const { rack_id, start_u, facing } = location;
    portal.addDevice({ ...device, cost: 0, rack_id, start_u, facing });
  }
  return portal;
}

/** The cloud as it answered at that moment. */
function addRecordedCloud(app: FastifyInstance): void {
  const stacks = recorded<{ stacks: { stack_name: string; id: string }[] }>('cloud-stacks');
  // Its servers name their flavor by id, as up to 2.46.
  app.get('/compute/v2.1/', () => ({ version: { id: 'v2.1', version: '2.46', min_version: '2.1' } }));
  app.get('/compute/v2.1/servers/detail', () => recorded('cloud-servers'));
  app.get('/compute/v2.1/flavors/detail', () => recorded('cloud-flavors'));
  app.get('/compute/v2.1/os-server-groups', () => ({ server_groups: [] }));
  app.get('/network/v2.0/networks', () => ({ networks: [{ id: 'n1', name: 'public' }] }));
  app.get('/network/v2.0/ports', () => ({ ports: [] }));
  app.get('/orchestration/v1/:project/stacks', () => stacks);
  app.get<{ Params: { name: string } }>('/orchestration/v1/:project/stacks/:name/:id', ({ params }) =>
    recorded(`cloud-stack-${params.name}`),
  );
  app.get<{ Params: { name: string } }>(
    '/orchestration/v1/:project/stacks/:name/:id/resources',
    ({ params }) => recorded(`cloud-stack-${params.name}-resources`),
  );
}

/** The same portal as 1.0.0 filled it from that cloud. */
function portalOf100(): Portal {
  const portal = new Portal({ release: '2023-08' });
  const folder = 'version-1.0.0-portal';
  for (const user of recorded<UserRow[]>('portal-users')) if (!user.root) portal.addUser(user);
  for (const template of recorded<TemplateRow[]>('portal-templates', folder)) portal.addTemplate(template);
  for (const rack of recorded<RackRow[]>('portal-racks', folder)) portal.addRack(rack);
  for (const device of recorded<DeviceRow[]>('portal-devices', folder)) portal.addDevice(device);
  return portal;
}

/** Runs twice against that portal and the recorded cloud. */
async function runTwice(portal: Portal) {
  await using cloud = await SmallCloud.start({ routes: addRecordedCloud });
  const concertim = await startPortal({ portal, faults: new Faults() });
  const folder = mkdtempSync(join(tmpdir(), 'upgrade-'));
  const file = join(folder, 'config.yaml');
  writeFileSync(
    file,
    stringify({
      openstack: {
        auth_url: `${cloud.url}/identity`,
        username: 'concertim',
        password,
        project_name: 'admin',
        project_domain_name: 'Default',
        user_domain_name: 'Default',
      },
      concertim: { concertim_url: concertim.url, concertim_username: 'admin', concertim_password: 'admin' },
    }),
  );
  const reports: RunReport[] = [];
  const logged: string[] = [];
  await using service = new Service({
    config: loadConfig({ file }),
    components: ['updates_bulk'],
    log: createLogger({ level: 'warning', format: 'json', output: { write: (line) => logged.push(line) } }),
    onReport: (report) => reports.push(report),
  });

  await service.runOnce(new AbortController().signal);
  await service.runOnce(new AbortController().signal);
  await concertim.close();
  rmSync(folder, { recursive: true });
  const [first, second] = reports;
  return { first, second, logged };
}

test('what the first version put in a portal is adopted: only fields are corrected, and then nothing', async () => {
  const portal = filledPortal();
  const before = { racks: portal.racks.all(), devices: portal.devices.all() };

  const { first, second, logged } = await runTwice(portal);

  expect(logged).toEqual([]);
  expect(first?.failures).toEqual([]);
  const beyondCorrections = Object.keys(first?.changes ?? {}).filter((kind) =>
    /^(delete|replace|create-(rack|device))/.test(kind),
  );
  expect(beyondCorrections).toEqual([]);
  expect(first?.changes).toMatchObject({
    'update-rack': before.racks.length,
    'update-device': before.devices.length,
  });
  expect(second?.changes).toEqual({});
  const places = (devices: typeof before.devices) =>
    devices
      .map(({ id, name, rack_id, start_u }) => ({ id, name, rack_id, start_u }))
      .sort((a, b) => a.id - b.id);
  expect(places(portal.devices.all())).toEqual(places(before.devices));
  const names = (racks: typeof before.racks) => racks.map(({ id, name }) => `${id} ${name}`).sort();
  expect(names(portal.racks.all())).toEqual(names(before.racks));
  const [rack] = portal.racks.all();
  expect(rack?.metadata['openstack_stack_output']).toMatch(/(^|, )web_access=http:/);
});

test('what 1.0.0 put in a portal is adopted: its record of the tree goes, and what pages cannot show is a text', async () => {
  const portal = portalOf100();
  const rewritten = ['openstack_stack_observed', 'openstack_stack_output', 'net_interfaces'];
  const without = <Row extends { readonly metadata: object }>(row: Row) => ({
    ...row,
    metadata: Object.fromEntries(Object.entries(row.metadata).filter(([key]) => !rewritten.includes(key))),
  });
  // The portal lists in the order in which rows were last written, which requests side by side do not fix.
  const byId = (a: { readonly id: number }, b: { readonly id: number }) => a.id - b.id;
  const shown = () => ({
    racks: portal.racks.all().map(without).sort(byId),
    devices: portal.devices.all().map(without).sort(byId),
    templates: portal.templates.all(),
  });
  const before = shown();

  const { first, second, logged } = await runTwice(portal);

  expect(logged).toEqual([]);
  expect(first?.failures).toEqual([]);
  expect(first?.changes).toEqual({
    'update-rack': before.racks.length,
    'update-device': before.devices.length,
  });
  expect(second?.changes).toEqual({});
  expect(shown()).toEqual(before);
  const metadata = [...portal.racks.all(), ...portal.devices.all()].map((row) => row.metadata);
  expect(metadata.flatMap(Object.values).filter((value) => typeof value !== 'string')).toEqual([]);
  expect(metadata.filter((each) => 'openstack_stack_observed' in each)).toEqual([]);
});
