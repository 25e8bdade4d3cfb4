import { expect, test } from 'vitest';
import type { Address, Flavor, Server } from '../../src/sandbox/cloud/compute.ts';
import type { ArchivePolicy, Telemetry } from '../../src/sandbox/openstack/gnocchi-telemetry.ts';
import { constantLoad, type MetricsScenario, startMetrics } from '../support/metrics-scenario.ts';

const cpu = 'os.instance.cpu_utilization';
const ram = 'os.instance.ram_usage';
const net = 'os.net.avg_usage';
const throughput = 'os.disk.avg_throughput';
const iops = 'os.disk.avg_iops';

/** An archive policy with one length of grains, for all metrics. */
function usePolicy(telemetry: Telemetry, granularity: number): void {
  const name = `every-${granularity}`;
  const policy: ArchivePolicy = {
    name,
    backWindow: 0,
    methods: ['mean'],
    definition: [{ granularity, points: 1_000 }],
  };
  telemetry.policies.set(name, policy);
  telemetry.usualPolicy = { counters: name, gauges: name };
}

const cases = [5, 60, 300].flatMap((granularity) =>
  [5, 10, 60, 300].map((polling) => ({ granularity, polling })),
);

test.for(cases)(
  'known counters give exact figures: grains of $granularity s, polled every $polling s',
  async ({ granularity, polling }) => {
    await using metrics = await startMetrics({ servers: 1 });
    const { telemetry } = metrics.sandbox;
    const [server = ''] = metrics.servers();
    usePolicy(telemetry, granularity);
    telemetry.pollingS = polling;
    telemetry.except(server, { load: constantLoad() });

    const report = await metrics.cycle();

    const [nics, disks] = [
      countOf(telemetry, 'instance_network_interface'),
      countOf(telemetry, 'instance_disk'),
    ];
    expect(report).toMatchObject({ known: 5, failures: [] });
    expect(metrics.shown(server)).toEqual({
      [cpu]: 25,
      [ram]: 50,
      [net]: nics * 1_500,
      [throughput]: disks * 49_152,
      [iops]: disks * 3,
    });
  },
);

function countOf(telemetry: Telemetry, type: 'instance_network_interface' | 'instance_disk'): number {
  return [...telemetry.resources(type)].length;
}

test('a load that changes gives the mean since the sample before the last hundred seconds', async () => {
  await using metrics = await startMetrics({ servers: 1 });
  const { telemetry } = metrics.sandbox;
  const [server = ''] = metrics.servers();
  usePolicy(telemetry, 5);
  telemetry.pollingS = 60;

  await metrics.cycle();

  const metric = [...telemetry.metrics()].find(({ name }) => name === 'cpu');
  if (!metric) throw new Error('the sandbox measures no cpu');
  // Noon: a sample was taken just now, and is not there yet.
  const newest = metrics.clock.now() - 60_000;
  const [from = 0, to = 0] = [newest - 120_000, newest].map((at) => telemetry.sample(metric, at));
  const share = ((to - from) / 1e9 / 120 / metric.resource.server.flavor.vcpus) * 100;
  expect(metrics.shown(server)[cpu]).toBe(Math.round(share * 100) / 100);
});

test('CPU as the first version gave it is the sum over the vCPUs', async () => {
  await using metrics = await startMetrics({ servers: 1, cpuPerVcpu: false });
  const [server = ''] = metrics.servers();
  const vcpus = metrics.sandbox.cloud.compute.server(server)?.flavor.vcpus ?? 0;
  metrics.sandbox.telemetry.except(server, { load: constantLoad() });

  await metrics.cycle();

  expect(metrics.shown(server)[cpu]).toBe(25 * vcpus);
});

test('nothing is sent twice, but each value lives on until there is a newer one', async () => {
  await using metrics = await startMetrics({ servers: 1, ttlMs: 90_000 });
  const { telemetry, metricDaemon } = metrics.sandbox;
  const [server = ''] = metrics.servers();
  usePolicy(telemetry, 300);
  telemetry.pollingS = 300;
  await metrics.cycle();

  const sent: number[] = [];
  for (let cycle = 0; cycle < 20; cycle++) {
    await metrics.clock.sleep(15_000);
    sent.push((await metrics.cycle()).delivery.sent);
    expect(metricDaemon.shown(metrics.deviceOf(server)).size).toBe(5);
  }

  // In five minutes there is one new point, and besides each value is renewed every 60 of its 90 seconds.
  expect(sent.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(6 * 5);
});

test('the last value of a stopped instance expires, and no zero takes its place', async () => {
  await using metrics = await startMetrics({ servers: 2 });
  const [stopped = '', running = ''] = metrics.servers();
  await metrics.cycle();

  metrics.sandbox.cloud.compute.act(stopped, 'stop');
  const values = new Set<unknown>();
  for (let cycle = 0; cycle < 20; cycle++) {
    await metrics.clock.sleep(15_000);
    await metrics.cycle();
    for (const value of Object.values(metrics.shown(stopped))) values.add(value);
  }

  expect(metrics.shown(stopped)).toEqual({});
  expect(Object.keys(metrics.shown(running))).toHaveLength(5);
  expect(values).not.toContain(0);
});

test('a counter that restarts gives no figure until there are two samples of it', async () => {
  await using metrics = await startMetrics({ servers: 1 });
  const [server = ''] = metrics.servers();
  metrics.sandbox.telemetry.except(server, { load: constantLoad() });
  await metrics.cycle();

  metrics.sandbox.cloud.compute.act(server, 'stop');
  metrics.sandbox.cloud.compute.act(server, 'start');
  const seen = new Set<unknown>();
  for (let cycle = 0; cycle < 6; cycle++) {
    await metrics.clock.sleep(5_000);
    await metrics.cycle();
    seen.add(metrics.shown(server)[cpu]);
  }

  expect([...seen]).toEqual([25]);
});

test('figures are of the instances in watched projects, whose devices the portal has', async () => {
  await using metrics = await startMetrics({ projects: 2, stacks: 2, servers: 2 });
  const { cloud, population } = metrics.sandbox;
  const [watched, other] = population.accounts;
  if (!watched || !other) throw new Error('the sandbox has too few accounts');
  cloud.identity.revoke(population.concertim, other.project, cloud.identity.role('watcher'));

  const report = await metrics.cycleAfterWaiting();

  expect(report).toMatchObject({ instances: 4, known: 10, watchedProjects: 2 });
  expect(report.unknown.get('no-resource')).toMatchObject({ instances: 2, figures: 10 });
});

test('a device that names an instance of another tenant gets no figures, and the owner keeps them', async () => {
  await using metrics = await startMetrics({ projects: 2, stacks: 2, servers: 1 });
  const { portal, cloud, metricDaemon } = metrics.sandbox;
  const [victim, mallorys] = cloud.compute.servers();
  const mallory = portal.users.all().find((user) => user.project_id === mallorys?.projectId);
  if (!victim || !mallory) throw new Error('The sandbox has no two tenants.');
  const rack = portal.addRack({ user_id: mallory.id, name: 'forged' });
  const forged = portal.addDevice({
    template_id: 1,
    name: 'forged',
    rack_id: rack.id,
    start_u: 1,
    metadata: { openstack_instance_id: victim.id },
  });

  await metrics.cycle();

  expect([...metricDaemon.shown(forged.id)]).toEqual([]);
  expect(Object.keys(metrics.shown(victim.id))).toHaveLength(5);
});

test('a device of no instance is left alone', async () => {
  await using metrics = await startMetrics({ servers: 2 });
  const { portal } = metrics.sandbox;
  const [device] = portal.devices.all();
  portal.devices.update(device?.id ?? 0, { metadata: {} });

  const report = await metrics.cycle();

  expect(report).toMatchObject({ instances: 1, otherDevices: 1, known: 5 });
});

test('the shares are of the size that the template of the device says, where none is of the flavor', async () => {
  await using metrics = await startMetrics({ servers: 1 });
  const { telemetry, portal } = metrics.sandbox;
  const [server = ''] = metrics.servers();
  telemetry.except(server, { load: constantLoad() });
  const device = portal.devices.get(metrics.deviceOf(server));
  const template = portal.templates.get(device?.template_id ?? 0);
  portal.templates.update(template?.id ?? 0, { foreign_id: null });
  await metrics.cycle();
  const ram0 = metrics.shown(server)[ram];

  const larger = portal.addTemplate({
    name: 'larger',
    vcpus: template?.vcpus ?? 1,
    ram: 2 * (template?.ram ?? 1),
  });
  portal.devices.update(device?.id ?? 0, { template_id: larger.id });
  metrics.devices.expire();
  await metrics.clock.sleep(15_000);
  await metrics.cycle();

  expect([ram0, metrics.shown(server)[ram]]).toEqual([50, 25]);
});

test('after a resize the shares are of the new size, though the portal shows the old one', async () => {
  await using metrics = await startMetrics({ servers: 1 });
  const { telemetry, cloud } = metrics.sandbox;
  const [id = ''] = metrics.servers();
  telemetry.except(id, { load: constantLoad() });
  await metrics.cycle();
  const { flavor } = cloud.compute.server(id) as Server;
  const [larger] = [...cloud.compute.flavors.values()].filter((other) => other.ram > flavor.ram);

  cloud.compute.resizeServer(id, larger as Flavor);
  cloud.advance();
  for (let cycle = 0; cycle < 3; cycle++) {
    await metrics.clock.sleep(15_000);
    await metrics.cycle();
  }

  // The same amount of memory would be more than 100 % of the old size.
  expect(cloud.compute.server(id)?.flavor).toBe(larger);
  expect(metrics.shown(id)[ram]).toBe(50);
});

test.each([
  { what: 'interface', name: net, sums: [1_500, 3_000] },
  { what: 'disk', name: throughput, sums: [49_152, 98_304] },
])('an $what that is attached is soon in the sum, and never half of it', async ({ what, name, sums }) => {
  await using metrics = await startMetrics({ servers: 1 });
  const { telemetry, cloud } = metrics.sandbox;
  const [id = ''] = metrics.servers();
  telemetry.except(id, { load: constantLoad() });
  await metrics.cycle();
  const { addresses, volumes } = cloud.compute.server(id) as Server;
  const before = metrics.shown(id)[name];

  if (what === 'interface') {
    const [first] = addresses;
    const second = { ...(first as Address), address: '10.9.9.9', mac: 'fa:16:3e:09:09:09' };
    cloud.compute.setServerAddresses(id, [...addresses, second]);
  } else cloud.compute.setServerVolumes(id, [...volumes, { id: 'second', deleteOnTermination: false }]);
  const shown: unknown[] = [];
  for (let cycle = 0; cycle < 12; cycle++) {
    await metrics.clock.sleep(15_000);
    await metrics.cycle();
    shown.push(metrics.shown(id)[name]);
  }

  expect(before).toBe(sums[0]);
  expect(new Set(shown)).toEqual(new Set(sums));
  expect(shown.lastIndexOf(sums[0])).toBeLessThan(9);
});

test('polled more slowly all of a sudden, the instances have figures again after a few samples', async () => {
  await using metrics = await startMetrics({ servers: 1 });
  await metrics.cycle();

  metrics.sandbox.telemetry.pollingS = 300;
  for (let cycle = 0; cycle < 10; cycle++) {
    await metrics.clock.sleep(15_000);
    await metrics.cycle();
  }

  expect(await known(metrics)).toBe(5);
});

async function known(metrics: MetricsScenario): Promise<number> {
  await metrics.clock.sleep(15_000);
  return (await metrics.cycle()).known;
}

test('figures go to servers alone: of volumes and networks none is looked for', async () => {
  await using metrics = await startMetrics({ servers: 1, release: 'main' });
  const { cloud, portal } = metrics.sandbox;
  const [rack] = portal.racks.all();
  const [volume] = [...cloud.blockStorage.volumes()];
  const tagged = (tag: string) => portal.templates.all().find((template) => template.tag === tag)?.id ?? 0;
  const place = { rack_id: rack?.id ?? 0, metadata: { openstack_instance_id: volume?.id } };
  portal.addDevice({ ...place, name: 'disk', kind: 'Volume', template_id: tagged('volume'), start_u: 1 });
  portal.addDevice({ ...place, name: 'lan', kind: 'Network', template_id: tagged('network'), start_u: 5 });

  const report = await metrics.cycle();

  expect(report).toMatchObject({ instances: 1, otherDevices: 2, known: 5, failures: [] });
  expect([...report.unknown.keys()]).toEqual([]);
});
