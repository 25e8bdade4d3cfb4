import { expect, test, vi } from 'vitest';
import { configFromValues } from '../../src/config/load.ts';
import { describeInstance } from '../../src/metrics/describe-instance.ts';
import { createLogger } from '../../src/observability/logger.ts';
import { seededRandom } from '../../src/runtime/random.ts';
import type { SandboxCloud } from '../../src/sandbox/sandbox-cloud.ts';
import { Service } from '../../src/service.ts';
import { constantLoad } from '../support/metrics-scenario.ts';
import { startTwoClouds, type TwoClouds } from '../support/two-clouds.ts';

const cpu = 'os.instance.cpu_utilization';
const ram = 'os.instance.ram_usage';

/** Two clouds whose servers the portal shows, and the component metrics of a service for both. */
async function startFigures() {
  const clouds = await startTwoClouds({ projects: 1, stacks: 1, servers: 3 });
  const { north, reconciler, clock } = clouds;
  await clock.sleep(4 * 3_600_000);
  await reconciler.reconcileAll();
  const logged: string[] = [];
  const service = new Service({
    config: configFromValues({
      concertim: north.config.concertim,
      clouds: north.clouds.map(({ name, config }) => ({ name, ...config })),
    }),
    components: ['metrics'],
    clock,
    random: seededRandom(1),
    log: createLogger({ level: 'debug', format: 'json', output: { write: (line) => logged.push(line) } }),
  });
  return {
    ...clouds,
    service,
    logged,
    cycle: (signal = new AbortController().signal) => service.runOnce(signal),
    health: () => service.health()[0],
    async [Symbol.asyncDispose]() {
      await service[Symbol.asyncDispose]();
      await clouds[Symbol.asyncDispose]();
    },
  };
}

function serversOf({ cloud }: Pick<SandboxCloud, 'cloud'>): string[] {
  return [...cloud.compute.servers()].map(({ id }) => id);
}

function deviceOf({ north }: Pick<TwoClouds, 'north'>, server: string) {
  const device = north.portal.devices
    .all()
    .find(({ metadata }) => metadata['openstack_instance_id'] === server);
  if (!device) throw new Error(`no device shows server ${server}`);
  return device;
}

/** What the portal shows of a server. */
function shown(clouds: Pick<TwoClouds, 'north'>, server: string): Record<string, unknown> {
  const values = clouds.north.metricDaemon.shown(deviceOf(clouds, server).id);
  return Object.fromEntries([...values].map(([name, { value }]) => [name, value]));
}

function load({ telemetry }: Pick<SandboxCloud, 'telemetry'>, server: string, cores: number): void {
  telemetry.except(server, { load: constantLoad({ cpu: cores * 1e9 }) });
}

test('each cloud has the figures of its own servers, by the size that its own flavor says', async () => {
  await using clouds = await startFigures();
  const { north, south } = clouds;
  const [northern = ''] = serversOf(north);
  const [southern = ''] = serversOf(south);
  load(north, northern, 0.25);
  load(south, southern, 0.5);
  const flavor = [...south.cloud.compute.servers()].find(({ id }) => id === southern)?.flavor;
  // Ids of flavors are unique in their cloud only.
  for (const template of north.portal.templates.all())
    if (template.foreign_id === flavor?.id) north.portal.templates.remove(template.id);
  north.portal.addTemplate({ name: 'same id', foreign_id: flavor?.id ?? '', vcpus: 64, ram: 1 });

  const isDone = await clouds.cycle();

  expect(isDone).toBe(true);
  for (const server of [...serversOf(north), ...serversOf(south)])
    expect(Object.keys(shown(clouds, server))).toHaveLength(5);
  expect(shown(clouds, southern)[cpu]).toBe(50);
  expect(clouds.health()).toMatchObject({ ready: true, failing: false, status: 'works' });
  const sums = clouds.logged.map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(sums.find(({ msg }) => msg === 'metrics sent')).toMatchObject({
    instances: 6,
    known: 30,
    delivered: 30,
    clouds: { north: { instances: 3, known: 15 }, south: { instances: 3, known: 15 } },
  });
});

test('while the Gnocchi of one cloud refuses, the figures of the other go on, and health says which cloud lacks them', async () => {
  await using clouds = await startFigures();
  const { north, south, clock } = clouds;
  const [northern = ''] = serversOf(north);
  const [southern = ''] = serversOf(south);
  await clouds.cycle();
  const before = shown(clouds, southern)[ram];
  const restore = south.faults.add({ service: 'gnocchi', kind: 'answer', status: 503 });
  load(north, northern, 0.125);
  await clock.sleep(900_000);

  const isDone = await clouds.cycle();
  const away = clouds.health();
  const northernCpu = shown(clouds, northern)[cpu];
  restore();
  await clock.sleep(60_000);
  await clouds.cycle();

  expect(isDone).toBe(false);
  expect(northernCpu).toBeCloseTo(12.5);
  expect(away).toMatchObject({ ready: true, failing: true });
  expect(away?.status).toMatch(/^figures of cloud south missing: .*503/);
  expect(away?.status).not.toContain('north');
  const complaints = clouds.logged
    .map((line) => JSON.parse(line) as { level: string; msg: string; cloud?: string })
    .filter(({ level }) => level === 'warn');
  expect(complaints.filter(({ cloud }) => cloud === 'north')).toEqual([]);
  expect(complaints.some(({ cloud }) => cloud === 'south')).toBe(true);
  expect(shown(clouds, southern)[ram]).toBe(before);
  expect(clouds.health()).toMatchObject({ failing: false, status: 'works' });
});

test('a Gnocchi that does not answer does not hold back the figures of the other cloud', async () => {
  await using clouds = await startFigures();
  const { north, south } = clouds;
  const [northern = ''] = serversOf(north);
  south.faults.add({ service: 'gnocchi', kind: 'stall' });
  const stop = new AbortController();

  let isOver = false;
  const cycle = clouds.cycle(stop.signal).finally(() => (isOver = true));
  await vi.waitUntil(() => Object.keys(shown(clouds, northern)).length === 5, { timeout: 20_000 });

  expect(isOver).toBe(false);
  stop.abort();
  await cycle;
});

test('when no cloud can be read, the component fails', async () => {
  await using clouds = await startFigures();
  for (const { faults } of [clouds.north, clouds.south])
    faults.add({ service: 'gnocchi', kind: 'answer', status: 503 });

  await clouds.cycle();

  const { ready, status } = clouds.health() ?? {};
  expect(ready).toBe(false);
  expect(status).toContain('cloud north');
  expect(status).toContain('cloud south');
});

test('a portal user cannot have figures of an instance of another project, whichever cloud his device names', async () => {
  await using clouds = await startFigures();
  const { north, south } = clouds;
  const [victim = ''] = serversOf(north);
  const mallory = north.portal.users.all().find(({ login }) => login.startsWith('south-'));
  const rack = north.portal.addRack({ user_id: mallory?.id ?? 0, name: 'forged' });
  const forged = ['north', 'south', undefined, 'elsewhere'].map((cloud, at) =>
    north.portal.addDevice({
      template_id: 1,
      name: `forged-${at}`,
      rack_id: rack.id,
      start_u: 1 + at * 10,
      metadata: { openstack_instance_id: victim, ...(cloud && { openstack_cloud: cloud }) },
    }),
  );

  await clouds.cycle();

  for (const { id } of forged) expect([...north.metricDaemon.shown(id)]).toEqual([]);
  for (const server of serversOf(south)) expect(Object.keys(shown(clouds, server))).toHaveLength(5);
  const values = north.portal.devices
    .all()
    .filter(
      ({ metadata, name }) => metadata['openstack_instance_id'] === victim && !name.startsWith('forged'),
    )
    .map(({ id }) => [...north.metricDaemon.shown(id)].length);
  expect(values).toEqual([5]);
});

test('a device that names no cloud is of the first, and a false name costs only its own device its figures', async () => {
  await using clouds = await startFigures();
  const { north } = clouds;
  const [unnamed = '', misnamed = '', other = ''] = serversOf(north);
  const rename = (server: string, cloud: Record<string, string>) => {
    const { id, metadata } = deviceOf(clouds, server);
    const { openstack_cloud: _, ...rest } = metadata;
    north.portal.devices.update(id, { metadata: { ...rest, ...cloud } });
  };
  rename(unnamed, {});
  rename(misnamed, { openstack_cloud: 'south' });

  await clouds.cycle();

  expect(Object.keys(shown(clouds, unnamed))).toHaveLength(5);
  expect(shown(clouds, misnamed)).toEqual({});
  expect(Object.keys(shown(clouds, other))).toHaveLength(5);
});

test('the explanation of an instance says whose it is, and asks every Nova for one that no device shows', async () => {
  await using clouds = await startFigures();
  const { north, south, service } = clouds;
  const [southern = '', unshown = ''] = serversOf(south);
  north.portal.devices.remove(deviceOf(clouds, unshown).id);

  const shownOne = await service.explainMetrics(southern);
  const hidden = await service.explainMetrics(unshown);

  expect(describeInstance(shownOne)).toContain(`instance ${southern} of cloud south`);
  expect(shownOne.devices).toMatchObject([{ size: { vcpus: expect.any(Number) as number } }]);
  expect(shownOne.projects).toMatchObject([{ isWatched: true }]);
  expect(shownOne.figures.filter(({ kind }) => kind === 'known')).toHaveLength(5);
  expect(hidden).toMatchObject({ cloud: 'south', devices: [] });
  await expect(service.explainMetrics('00000000-0000-4000-8000-000000000000')).rejects.toThrow(
    /^No such server/,
  );
});
