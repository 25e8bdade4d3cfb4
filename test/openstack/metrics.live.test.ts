/**
 * `run metrics --once` from a real Gnocchi to the sandbox's portal, compared with figures worked out by hand: each metric
 * read alone, and two means subtracted, those of the times that a figure says. The formulas are written from
 * docs/mapping.md.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { readFigures } from '../../src/metrics/read-figures.ts';
import { Faults } from '../../src/sandbox/faults.ts';
import type { HttpService } from '../../src/sandbox/http-service.ts';
import { MetricDaemon } from '../../src/sandbox/portal/metric-daemon.ts';
import { Portal } from '../../src/sandbox/portal/portal.ts';
import { startPortal } from '../../src/sandbox/portal/start-portal.ts';
import { command, type Finished } from '../support/command.ts';
import { openstackSection, signIn } from './openrc.ts';
import { openstackCommands } from './openstack-command.ts';
import { type ReportedCloud, reportedCloud, type Server } from './reported-cloud.ts';

const run = promisify(execFile);
const pollingS = 10;
const pushMeasures = fileURLToPath(new URL('push-measures', import.meta.url));

const portal = new Portal({ release: '2023-08' });
const metricDaemon = new MetricDaemon(portal);
const folder = mkdtempSync(join(tmpdir(), 'metrics-'));
const config = join(folder, 'config.yaml');
let service: HttpService;
let url: string;
let token: string;
let cloud: ReportedCloud;
let active: readonly Server[];
let finished: Finished;
/** By server. */
let spans: ReadonlyMap<string, ReadonlyMap<string, Span>>;
/** Read before the run and after it: nothing is pushed in between. */
let resources: readonly GnocchiResource[];

interface GnocchiResource {
  readonly id: string;
  readonly type: string;
  readonly instanceId: string;
  readonly metrics: Readonly<Record<string, string>>;
}

beforeAll(async () => {
  service = await startPortal({ portal, metricDaemon, faults: new Faults() });
  const [issued, endpoints] = await openstackCommands([
    'token issue',
    'endpoint list --service metric --interface public',
  ]);
  token = (issued as { id: string }).id;
  url = (endpoints as { URL: string }[])[0]?.URL ?? '';
  cloud = await reportedCloud();
  active = cloud.servers.filter(({ status }) => status === 'ACTIVE');
  showOnPortal(cloud);
  writeFileSync(config, stringify(settings()));
  await forgetMeasures();
  await run(pushMeasures, ['--minutes', '5', '--interval', String(pollingS)]);
  await processed();
  resources = (
    await Promise.all(['instance', 'instance_network_interface', 'instance_disk'].map(readResources))
  ).flat();
  finished = await command('run', 'metrics', '--once', '--config', config).finished;
  // At once, because a minute later the measures would count as late.
  spans = new Map(
    await Promise.all(active.map(async (server) => [server.id, await spansOf(server)] as const)),
  );
});

afterAll(async () => {
  await service.close();
  rmSync(folder, { recursive: true });
});

test('all that runs has its figures, and nothing else has any', () => {
  const line = finished.stdout.trim().split('\n').at(-1) ?? '';
  expect(JSON.parse(line)).toMatchObject({ msg: 'metrics sent', left: 0, refused: 0 });

  const shown = cloud.servers.filter((server) => shownOf(server).size > 0).map(({ name }) => name);
  expect(active.length).toBeGreaterThan(0);
  expect(shown.sort()).toEqual(active.map(({ name }) => name).sort());
});

test('the figures are those that are worked out by hand', async () => {
  const differences: string[] = [];
  let compared = 0;
  for (const server of active) {
    const byHand = await figuresByHand(server, spans.get(server.id) ?? new Map());
    for (const [name, expected] of Object.entries(byHand)) {
      const value = Number(shownOf(server).get(name)?.value);
      compared++;
      if (!(Math.abs(value - expected) <= 0.006))
        differences.push(`${server.name} ${name}: ${value}, by hand ${expected}`);
    }
  }
  console.log(`compared with figures worked out by hand: ${compared} of ${active.length} servers`);

  expect(differences).toEqual([]);
  expect(compared).toBe(active.length * 5);
});

test('an instance can be explained', async () => {
  const [server] = active;
  const { stdout, code } = await command('metrics', '--instance', server?.id ?? '', '--config', config)
    .finished;

  expect(code).toBe(0);
  expect(stdout).toContain(`instance ${server?.id}`);
  expect(stdout).toMatch(/project \w+: watched/);
  for (const [name, { value }] of shownOf(server as Server)) expect(stdout).toContain(`${name} = ${value} `);
});

function shownOf({ id }: Server) {
  const device = portal.devices.all().find(({ metadata }) => metadata['openstack_instance_id'] === id);
  return metricDaemon.shown(device?.id ?? 0);
}

function flavorOf({ flavor }: Server, { flavors }: ReportedCloud) {
  const found = flavors.find(({ ID, Name }) => flavor === `${Name} (${ID})` || flavor === Name);
  if (!found) throw new Error(`no flavor ${flavor}`);
  return found;
}

function showOnPortal(all: ReportedCloud): void {
  const racks = new Map(
    [...new Set(all.servers.map(({ project_id: id }) => id))].map((id) => {
      const owner = portal.addUser({ login: id, project_id: id });
      return [id, portal.addRack({ user_id: owner.id, name: 'all' })];
    }),
  );
  for (const server of all.servers) {
    const { VCPUs, RAM } = flavorOf(server, all);
    const template = portal.addTemplate({ name: server.id, vcpus: VCPUs, ram: RAM });
    portal.addDevice({
      template_id: template.id,
      name: server.id,
      rack_id: racks.get(server.project_id)?.id ?? 0,
      start_u: 1,
      metadata: { openstack_instance_id: server.id },
    });
  }
}

/** The time that a figure averages: seconds since 1970. */
type Span = readonly [from: number, to: number];

/** The time of each figure, as the service reads it; the test computes only the values by hand. */
async function spansOf(server: Server): Promise<ReadonlyMap<string, Span>> {
  const { VCPUs: vcpus, RAM: ram } = flavorOf(server, cloud);
  const { figures } = await readFigures(signIn(), server.id, { size: { vcpus, ram } });
  return new Map(
    figures.flatMap((figure) =>
      figure.kind === 'known'
        ? [[figure.definition.name, [(figure.at - figure.spanMs) / 1000, figure.at / 1000]]]
        : [],
    ),
  );
}

async function figuresByHand(
  server: Server,
  spans: ReadonlyMap<string, Span>,
): Promise<Record<string, number>> {
  const { VCPUs, RAM } = flavorOf(server, cloud);
  const of = (type: string) =>
    resources.filter((each) => each.type === type && each.instanceId === server.id);
  const [instance] = of('instance');
  const growth = async (figure: string, type: string, ...meters: string[]) => {
    const metrics = of(type).flatMap((each) => meters.map((meter) => each.metrics[meter] ?? ''));
    const rates = await Promise.all(metrics.map((metric) => growthByHand(metric, spans.get(figure))));
    return { [figure]: rates.reduce((sum, rate) => sum + rate, 0) };
  };
  const cpu = await growth('os.instance.cpu_utilization', 'instance', 'cpu');
  const [, used = Number.NaN] = (await means(instance?.metrics['memory.usage'] ?? '')).at(-1) ?? [];
  return {
    'os.instance.cpu_utilization': ((cpu['os.instance.cpu_utilization'] ?? Number.NaN) / 1e9 / VCPUs) * 100,
    'os.instance.ram_usage': (used / RAM) * 100,
    ...(await growth(
      'os.net.avg_usage',
      'instance_network_interface',
      'network.incoming.bytes',
      'network.outgoing.bytes',
    )),
    ...(await growth(
      'os.disk.avg_throughput',
      'instance_disk',
      'disk.device.read.bytes',
      'disk.device.write.bytes',
    )),
    ...(await growth(
      'os.disk.avg_iops',
      'instance_disk',
      'disk.device.read.requests',
      'disk.device.write.requests',
    )),
  };
}

async function growthByHand(metric: string, [from, to]: Span = [0, 0]): Promise<number> {
  const points = new Map(await means(metric));
  return ((points.get(to) ?? Number.NaN) - (points.get(from) ?? Number.NaN)) / (to - from);
}

/** The means of grains of five seconds, their times in seconds. */
async function means(metric: string): Promise<[at: number, value: number][]> {
  const rows = await gnocchi(`/v1/metric/${metric}/measures?aggregation=mean&granularity=5`);
  return (rows as [string, number, number][]).map(([time, , value]) => [Date.parse(time) / 1000, value]);
}

async function readResources(type: string): Promise<GnocchiResource[]> {
  const rows = (await gnocchi(`/v1/resource/${type}?limit=1000`)) as {
    id: string;
    instance_id?: string;
    metrics: Record<string, string>;
  }[];
  return rows.map(({ id, instance_id: instanceId = id, metrics }) => ({ id, type, instanceId, metrics }));
}

/** What other tests have pushed, at another interval or for the same times, would be in the figures. */
async function forgetMeasures(): Promise<void> {
  const all = (await gnocchi('/v1/resource/generic?limit=1000')) as { id: string }[];
  if (all.length === 0) return;
  const response = await fetch(`${url}/v1/resource/generic`, {
    method: 'DELETE',
    headers: { 'x-auth-token': token, 'content-type': 'application/json' },
    body: JSON.stringify({ in: { id: all.map(({ id }) => id) } }),
  });
  if (!response.ok) throw new Error(`DELETE: ${response.status} ${await response.text()}`);
}

/** Until Gnocchi has worked out the means of all that was pushed. */
async function processed(): Promise<void> {
  for (let attempt = 0; attempt < 60; attempt++) {
    const { storage } = (await gnocchi('/v1/status')) as { storage: { summary: { measures: number } } };
    if (storage.summary.measures === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
  throw new Error('Gnocchi did not process what was pushed within a minute');
}

async function gnocchi(path: string): Promise<unknown> {
  const response = await fetch(url + path, { headers: { 'x-auth-token': token } });
  if (!response.ok) throw new Error(`GET ${path}: ${response.status} ${await response.text()}`);
  return response.json();
}

function settings() {
  return {
    log_level: 'info',
    openstack: openstackSection(),
    concertim: { concertim_url: service.url, concertim_username: 'admin', concertim_password: 'admin' },
  };
}
