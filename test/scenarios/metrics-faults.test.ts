import { expect, test } from 'vitest';
import { type CycleReport, whyMissing } from '../../src/metrics/cycle-report.ts';
import { explain } from '../../src/runtime/severity.ts';
import type { Fault } from '../../src/sandbox/faults.ts';
import { constantLoad, showServers, startMetrics } from '../support/metrics-scenario.ts';

/*
 * One thing at a time goes wrong; the rest goes on, and the log says what was left out and why.
 */

const cpu = 'os.instance.cpu_utilization';
const mrd = { service: 'concertim', path: /^\/mrd\// } as const;

/** The messages of warnings and errors, with their reasons. */
function complaints(logged: readonly string[]): string[] {
  return logged
    .map((line) => JSON.parse(line) as { level: string; msg: string; because?: string; why?: string })
    .filter(({ level }) => level === 'warn' || level === 'error')
    .map(({ msg, because, why }) => [msg, because ?? why].filter(Boolean).join(': '));
}

test('an instance that Gnocchi lacks is reported after a quarter of an hour, once', async () => {
  await using metrics = await startMetrics();
  const [without = ''] = metrics.servers();
  metrics.sandbox.telemetry.except(without, { isAbsent: true });

  const report = await metrics.cycleAfterWaiting();
  await metrics.cycle();

  expect(report.known).toBe(10);
  expect(report.unknown.get('no-resource')).toMatchObject({ instances: 1, examples: [without] });
  expect(complaints(metrics.logged)).toEqual(['figures missing for some instances: no-resource']);
});

test('a server that was just made is awaited without a word, whether Gnocchi has it late or in part at first', async () => {
  await using metrics = await startMetrics();
  const [late = '', partial = ''] = metrics.servers();
  await metrics.cycle();

  // What Gnocchi had of them is forgotten: as if they were made now.
  metrics.sandbox.telemetry.except(late, { isAbsent: true });
  metrics.sandbox.telemetry.except(partial, { lacks: ['memory.usage'] });
  const reports: CycleReport[] = [];
  for (let minute = 0; minute < 10; minute++) {
    await metrics.clock.sleep(60_000);
    reports.push(await metrics.cycle());
  }
  metrics.sandbox.telemetry.except(late, { isAbsent: false });
  metrics.sandbox.telemetry.except(partial, { lacks: [] });
  for (let minute = 0; minute < 30; minute++) {
    await metrics.clock.sleep(60_000);
    await metrics.cycle();
  }

  expect(reports.at(-1)?.unknown.get('awaited')).toMatchObject({ instances: 2, figures: 6 });
  expect(Object.keys(metrics.shown(late))).toHaveLength(5);
  expect(Object.keys(metrics.shown(partial))).toHaveLength(5);
  expect(complaints(metrics.logged)).toEqual([]);
});

test('a cloud without Ceilometer is reported in one line', async () => {
  await using metrics = await startMetrics({ servers: 8 });
  for (const server of metrics.servers()) metrics.sandbox.telemetry.except(server, { isAbsent: true });

  await metrics.cycleAfterWaiting();
  for (let hour = 0; hour < 24; hour++) {
    await metrics.clock.sleep(3_600_000);
    await metrics.cycle();
  }

  expect(complaints(metrics.logged)).toEqual(['figures missing for some instances: no-resource']);
  expect(metrics.logged.join('')).toContain('"instances":8');
});

test('an instance that appears in Gnocchi later on', async () => {
  await using metrics = await startMetrics();
  const [late = ''] = metrics.servers();
  metrics.sandbox.telemetry.except(late, { isAbsent: true });
  await metrics.cycle();

  metrics.sandbox.telemetry.except(late, { isAbsent: false });
  for (let cycle = 0; cycle < 16; cycle++) {
    await metrics.clock.sleep(15_000);
    await metrics.cycle();
  }

  expect(Object.keys(metrics.shown(late))).toHaveLength(5);
});

test('an instance without measures', async () => {
  await using metrics = await startMetrics();
  const [silent = ''] = metrics.servers();
  metrics.sandbox.telemetry.except(silent, { isSilent: true });

  const report = await metrics.cycle();

  expect(report).toMatchObject({ known: 10, failures: [] });
  expect(report.unknown.get('no-measures')).toMatchObject({ instances: 1, figures: 5 });
  expect(metrics.shown(silent)).toEqual({});
});

test('an instance that uses more than its size is reported when that lasts: a new size is known late', async () => {
  await using metrics = await startMetrics();
  const [large = ''] = metrics.servers();
  metrics.sandbox.telemetry.except(large, { load: constantLoad({ memory: 4 }) });

  const report = await metrics.cycle();
  const atFirst = complaints(metrics.logged);
  for (let cycle = 0; cycle < 25; cycle++) {
    await metrics.clock.sleep(15_000);
    await metrics.cycle();
  }

  expect(report.unknown.get('impossible')).toMatchObject({ instances: 1, examples: [large] });
  expect(atFirst).toEqual([]);
  expect(complaints(metrics.logged)).toEqual(['figures missing for some instances: impossible']);
});

test('an instance with one metric missing', async () => {
  await using metrics = await startMetrics();
  const [lacking = ''] = metrics.servers();
  metrics.sandbox.telemetry.except(lacking, { lacks: ['network.outgoing.bytes'] });

  const report = await metrics.cycleAfterWaiting();

  expect(report).toMatchObject({ known: 14, failures: [] });
  expect(report.unknown.get('no-metric')).toMatchObject({
    examples: [lacking],
    details: ['network.outgoing.bytes'],
  });
  expect(Object.keys(metrics.shown(lacking))).toHaveLength(4);
});

test('an instance with another archive policy: its figures are had in its own grains', async () => {
  await using metrics = await startMetrics();
  const [other = ''] = metrics.servers();
  metrics.sandbox.telemetry.except(other, {
    load: constantLoad(),
    policies: { cpu: 'low', 'disk.device.read.bytes': 'medium' },
  });

  const report = await metrics.cycle();
  const requests = (await metrics.cycle()).requests['Gnocchi'];

  expect(report).toMatchObject({ known: 15, failures: [] });
  expect(metrics.shown(other)[cpu]).toBe(25);
  // Beside the usual three, two for each metric of another granularity; none is refused: what was learnt is remembered.
  expect(requests).toBe(7);
});

test('instances with an archive policy that keeps no means', async () => {
  await using metrics = await startMetrics({ servers: 8 });
  const [first = '', second = '', ...rest] = metrics.servers();
  for (const server of [first, second])
    metrics.sandbox.telemetry.except(server, { policies: { cpu: 'bool' } });

  const report = await metrics.cycle();
  const again = await metrics.cycle();

  expect(report).toMatchObject({ known: (rest.length + 2) * 5 - 2, failures: [] });
  expect(report.unknown.get('unreadable')).toMatchObject({
    instances: 2,
    details: ['archive policy bool keeps no mean, only last'],
  });
  expect(again.requests['Gnocchi']).toBeLessThanOrEqual(5);
  expect(complaints(metrics.logged)).toEqual(['figures missing for some instances: unreadable']);
});

test.each([
  { field: 'metrics', unknown: ['no-metric'] },
  // The template of its device has the sizes too.
  { field: 'flavor_id', unknown: [] },
] as const)(
  'an instance whose row in Gnocchi has no proper $field costs no other',
  async ({ field, unknown }) => {
    await using metrics = await startMetrics({ servers: 4 });
    const [odd = '', ...rest] = metrics.servers();
    metrics.sandbox.faults.add({
      service: 'gnocchi',
      path: /^\/v1\/search\/resource\/instance\?/,
      kind: 'rewrite',
      rewrite: (body) =>
        (body as Record<string, unknown>[]).map((row) =>
          row['id'] === odd ? { ...row, [field]: ['odd'] } : row,
        ),
    });

    const report = await metrics.cycleAfterWaiting();

    expect(report.failures).toEqual([]);
    expect([...report.unknown.keys()]).toEqual(unknown);
    for (const { examples } of report.unknown.values()) expect(examples).toEqual([odd]);
    expect(report.known).toBeGreaterThanOrEqual(rest.length * 5);
  },
);

test('an interface whose row in Gnocchi does not say whose it is makes no sum smaller', async () => {
  await using metrics = await startMetrics({ servers: 4 });
  metrics.sandbox.faults.add({
    service: 'gnocchi',
    path: /^\/v1\/search\/resource\/instance_network_interface\?/,
    kind: 'rewrite',
    rewrite: (body) =>
      (body as Record<string, unknown>[]).map((row, at) =>
        at === 0 ? { ...row, instance_id: ['odd'] } : row,
      ),
  });

  const report = await metrics.cycle();

  expect(report.failures.map((failure) => explain(failure.error))).toEqual([
    expect.stringContaining('instance_id'),
  ]);
});

test('a role assignment that is not understood costs its own project alone', async () => {
  await using metrics = await startMetrics({ projects: 2, stacks: 2, servers: 4 });
  const before = await metrics.cycle();
  const project = metrics.sandbox.population.accounts[0]?.project.id;
  const inProject = (row: unknown) => JSON.stringify(row).includes(`"${project}"`);
  metrics.sandbox.faults.add({
    service: 'keystone',
    path: /\/role_assignments\?/,
    kind: 'rewrite',
    rewrite: (body) => {
      const { role_assignments: rows, ...others } = body as { role_assignments: object[] };
      const odd = rows.map((row) => (inProject(row) ? { ...row, scope: 'odd' } : row));
      return { ...others, role_assignments: odd };
    },
  });
  await metrics.clock.sleep(300_000);

  const report = await metrics.cycle();

  expect(report).toMatchObject({ watchedProjects: before.watchedProjects - 1, failures: [] });
  expect(report.known).toBeGreaterThan(0);
});

test('a cloud half of whose instances are of an older archive policy', async () => {
  await using metrics = await startMetrics({ servers: 40 });
  const servers = metrics.servers();
  for (const server of servers.filter((_, index) => index % 2 === 0)) {
    metrics.sandbox.telemetry.except(server, {
      policies: { cpu: 'low', 'memory.usage': 'low', 'network.incoming.bytes': 'low' },
    });
  }

  const report = await metrics.cycle();

  expect(report).toMatchObject({ known: servers.length * 5, failures: [] });
  expect(report.requests['Gnocchi']).toBeLessThanOrEqual(40);
});

test('a request that Gnocchi refuses without naming a culprit is split until only the culprit is out', async () => {
  await using metrics = await startMetrics({ servers: 8 });
  const [culprit = ''] = metrics.servers();
  metrics.sandbox.telemetry.except(culprit, { isSpoilt: true });

  const report = await metrics.cycle();
  await metrics.clock.sleep(15_000);
  const next = await metrics.cycle();

  expect(report).toMatchObject({ known: 35, failures: [] });
  expect(report.unknown.get('unreadable')).toMatchObject({ figures: 5, examples: [culprit] });
  // One more looks for new resources.
  expect(next).toMatchObject({ known: 35, requests: { Gnocchi: 3 + 1 } });
});

test.for<[string, Fault]>([
  ['answering 503', { service: 'gnocchi', kind: 'answer', status: 503 }],
  ['resetting', { service: 'gnocchi', kind: 'reset-before' }],
  ['cut short', { service: 'gnocchi', path: /aggregates/, kind: 'truncate' }],
  [
    'of a proxy',
    { service: 'gnocchi', path: /aggregates/, kind: 'answer', status: 404, body: '<h1>nginx</h1>' },
  ],
])('Gnocchi %s: nothing is sent for nothing known, and it is said', async ([, fault]) => {
  await using metrics = await startMetrics();
  await metrics.cycle();
  const stop = metrics.sandbox.faults.add(fault);

  await metrics.clock.sleep(15_000);
  const report = await metrics.cycle();
  stop();
  await metrics.clock.sleep(15_000);
  const next = await metrics.cycle();

  expect(report).toMatchObject({ known: 0, delivery: { sent: 0 } });
  expect(report.failures.map((failure) => 'type' in failure && failure.type)).toContain('instance');
  expect(complaints(metrics.logged)[0]).toMatch(
    /^failed to read object, will retry: Gnocchi (answered|did not answer)/,
  );
  expect(next).toMatchObject({ known: 15, failures: [] });
});

test('Gnocchi not answering for more instances than are read at a time: logged once for each kind of resource', async () => {
  await using metrics = await startMetrics({ stacks: 10, servers: 120 });
  await metrics.cycle();
  metrics.sandbox.faults.add({ service: 'gnocchi', path: /aggregates/, kind: 'answer', status: 503 });

  await metrics.clock.sleep(15_000);
  const report = await metrics.cycle(600_000);

  expect(report.failures).toMatchObject([
    { type: 'instance', resources: 1_200 },
    { type: 'instance_network_interface', resources: 1_200 },
    { type: 'instance_disk', resources: 1_200 },
  ]);
});

test('Gnocchi not answering one kind of resource: the figures of the others are sent', async () => {
  await using metrics = await startMetrics();
  await metrics.cycle();
  const [server = ''] = metrics.servers();
  metrics.sandbox.faults.add({
    service: 'gnocchi',
    path: /aggregates/,
    skip: 2,
    times: 3,
    kind: 'answer',
    status: 503,
  });

  await metrics.clock.sleep(15_000);
  const report = await metrics.cycle();

  expect(report.failures.length).toBeGreaterThan(0);
  expect(report.delivery.sent).toBeGreaterThan(0);
  expect(report.unknown.get('unread')).toMatchObject({ instances: 3 });
  expect(Object.keys(metrics.shown(server))).toHaveLength(5);
});

test('Gnocchi that hangs is not waited for beyond the cycle', async () => {
  await using metrics = await startMetrics();
  await metrics.cycle();
  metrics.sandbox.faults.add({ service: 'gnocchi', path: /aggregates/, kind: 'stall' });

  const startedAt = performance.now();
  const report = await metrics.cycle(500);

  expect(performance.now() - startedAt).toBeLessThan(5_000);
  expect(report.failures.length).toBe(3);
  expect(complaints(metrics.logged)[0]).toMatch(/The time for reading was over after/);
});

test('a cloud that cannot be reached at the start', async () => {
  await using metrics = await startMetrics();
  const stop = metrics.sandbox.faults.add({ service: 'keystone', kind: 'answer', status: 503 });
  const report = await metrics.cycle();
  stop();

  const next = await metrics.cycle();

  expect(report).toMatchObject({ instances: 3, known: 0, failures: [{ what: 'resources' }] });
  expect(next).toMatchObject({ known: 15, failures: [] });
});

test('a portal that cannot be reached for a while: the devices of before count on', async () => {
  await using metrics = await startMetrics();
  await metrics.cycle();
  metrics.sandbox.faults.add({ service: 'concertim', path: /api\/v1/, kind: 'answer', status: 503 });

  await metrics.clock.sleep(75_000);
  const report = await metrics.cycle();

  expect(report).toMatchObject({ known: 15, delivery: { sent: 15 }, failures: [{ what: 'devices' }] });
});

test('a portal too slow for the first cycle: its list of devices is awaited, which is not well', async () => {
  await using metrics = await startMetrics();
  metrics.sandbox.faults.add({ service: 'concertim', path: /devices/, kind: 'stall' });

  const first = await metrics.cycle(300);

  expect(explain(whyMissing(first))).toContain(
    "Waiting for the portal's list of devices: The time for reading",
  );
  expect(first).toMatchObject({ instances: 0, due: 0 });
});

test('a list of devices that was read while the portal was empty and busy is read again after a minute', async () => {
  await using metrics = await startMetrics({ empty: true });
  // The list takes 2.4 s. At a fiftieth of the portal's time the next read would be two minutes away.
  const late = (body: unknown) => {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2_400);
    return body;
  };
  const stop = metrics.sandbox.faults.add({
    service: 'concertim',
    path: /devices/,
    kind: 'rewrite',
    rewrite: late,
  });
  const first = await metrics.cycle();
  stop();
  showServers(metrics.sandbox);

  await metrics.clock.sleep(59_000);
  const early = await metrics.cycle();
  await metrics.clock.sleep(1_000);
  const later = await metrics.cycle();

  expect([first, early, later].map(({ instances }) => instances)).toEqual([0, 0, 3]);
});

test('a device deleted in mid-cycle: the daemon goes on taking its figures, and then it is forgotten', async () => {
  await using metrics = await startMetrics();
  await metrics.cycle();
  const [gone = ''] = metrics.servers();
  metrics.sandbox.portal.devices.remove(metrics.deviceOf(gone));

  await metrics.clock.sleep(15_000);
  const report = await metrics.cycle();
  await metrics.clock.sleep(60_000);
  const later = await metrics.cycle();

  expect(report).toMatchObject({ instances: 3, delivered: 15, delivery: { unknownDevices: 0, left: 0 } });
  expect(later).toMatchObject({ instances: 2, delivered: 10 });
});

test('a device that the daemon has not heard of yet gets its figures in the next cycle', async () => {
  await using metrics = await startMetrics();
  await metrics.cycle();
  const { cloud, portal } = metrics.sandbox;
  const [server] = [...cloud.compute.servers()];
  const [device] = portal.devices.all();
  await metrics.clock.sleep(15_000);
  // It has just looked which devices there are.
  metrics.sandbox.metricDaemon.knows('another');
  const made = portal.addDevice({
    template_id: device?.template_id ?? 0,
    name: 'made-anew',
    rack_id: device?.rack_id ?? 0,
    start_u: 5,
    metadata: { openstack_instance_id: server?.id },
  });
  metrics.devices.expire();

  const report = await metrics.cycle();
  await metrics.clock.sleep(15_000);
  await metrics.cycle();

  expect(report.delivery).toMatchObject({ unknownDevices: 5, refused: [], left: 0 });
  expect(metrics.sandbox.metricDaemon.shown(made.id).size).toBe(5);
  expect(complaints(metrics.logged)).toEqual([]);
});

test.for<[string, Fault, RegExp]>([
  [
    'down',
    { ...mrd, kind: 'answer', status: 502, body: '<html>' },
    /with 502\. Is the metric daemon running/,
  ],
  ['resetting', { ...mrd, kind: 'reset-before' }, /did not answer PUT/],
  ['elsewhere', { ...mrd, kind: 'answer', status: 404, body: '404 page not found\n' }, /passes \/mrd\/ on/],
])('the daemon %s: sending stops soon, is said once, and goes on by itself', async ([, fault, why]) => {
  await using metrics = await startMetrics({ servers: 12 });
  const stop = metrics.sandbox.faults.add(fault);

  const reports = [await metrics.cycle(), await metrics.cycle()];
  const asked = metrics.sandbox.services.concertim.seen.filter(({ url }) => url.startsWith('/mrd/')).length;
  stop();
  const next = await metrics.cycle();

  expect(reports).toMatchObject([
    { known: 60, delivery: { sent: 0, left: 60 } },
    { known: 60, delivery: { sent: 0, left: 60 } },
  ]);
  expect(asked).toBeLessThan(150);
  expect(complaints(metrics.logged).filter((line) => why.test(line))).toHaveLength(1);
  expect(next.delivery).toMatchObject({ sent: 60, left: 0 });
});

test('a daemon that refuses every value: said once of each metric, not of each device', async () => {
  await using metrics = await startMetrics();
  metrics.sandbox.faults.add({ ...mrd, kind: 'answer', status: 422 });

  const reports = [await metrics.cycle(), await metrics.cycle()];

  expect(reports.map(({ delivery }) => delivery.refused.length)).toEqual([15, 15]);
  expect(
    complaints(metrics.logged).filter((line) => line.startsWith('metric daemon rejected a value')),
  ).toHaveLength(5);
});

test('a daemon that resets now and then loses nothing', async () => {
  await using metrics = await startMetrics();
  for (const skip of [1, 5, 9]) {
    metrics.sandbox.faults.add({ ...mrd, skip, times: 1, kind: 'reset-before' });
  }

  const report = await metrics.cycle();

  expect(report.delivery).toMatchObject({ sent: 15, left: 0 });
});

test('a token that the daemon no longer takes is replaced once for all', async () => {
  await using metrics = await startMetrics();
  await metrics.cycle();
  const { portal, services } = metrics.sandbox;
  portal.changeSecret();
  services.concertim.forget();

  await metrics.clock.sleep(15_000);
  const report = await metrics.cycle();

  expect(report.delivery).toMatchObject({ sent: 15 - report.kept, left: 0 });
  expect(report.delivery.sent).toBeGreaterThan(0);
  expect(services.concertim.seen.filter(({ url }) => url.includes('sign_in'))).toHaveLength(1);
});

test('a daemon that takes no token at all is reported once, and a cycle signs in again once or twice', async () => {
  await using metrics = await startMetrics();
  const { faults, services } = metrics.sandbox;
  faults.add({ service: 'concertim', path: /^\/mrd\//, kind: 'answer', status: 401 });
  services.concertim.forget();

  const cycles = 5;
  for (let cycle = 0; cycle < cycles; cycle++) {
    await metrics.clock.sleep(15_000);
    expect((await metrics.cycle()).delivery.sent).toBe(0);
  }

  // Each cycle logs its figures, and that some are missing.
  const reasons = complaints(metrics.logged).filter((line) => line !== 'metrics sent in part');
  expect(reasons).toEqual([
    expect.stringMatching(
      /^metric daemon unavailable, sending stopped for this cycle: .* with 401\. .*same secret as the portal/,
    ),
  ]);
  expect(services.concertim.seen.filter(({ url }) => url.includes('sign_in')).length).toBeLessThanOrEqual(
    2 * cycles,
  );
});

test('a daemon that is slow: the cycle is cut and says how many values were left', async () => {
  await using metrics = await startMetrics({ servers: 12 });
  await metrics.cycle();
  await metrics.clock.sleep(15_000);
  metrics.sandbox.faults.add({ ...mrd, kind: 'stall' });

  const report = await metrics.cycle(400);

  expect(report.delivery).toMatchObject({ sent: 0, left: 60 - report.kept });
  expect(report.delivery.left).toBeGreaterThan(0);
  expect(report.delivery.stoppedBy).toBeUndefined();
  expect(complaints(metrics.logged)).toEqual(['metrics cycle timed out, remaining figures not sent']);
});

test('a page that answers 200 where the daemon should is no taken figure: none counts as sent, and the next cycle sends them', async () => {
  await using metrics = await startMetrics();
  const page = { body: '<html>Sign in to the network</html>', headers: { 'content-type': 'text/html' } };
  const stop = metrics.sandbox.faults.add({
    service: 'concertim',
    path: /^\/mrd\//,
    kind: 'answer',
    status: 200,
    ...page,
  });

  const report = await metrics.cycle();
  stop();
  await metrics.clock.sleep(15_000);
  const next = await metrics.cycle();

  expect(report.delivery.sent).toBe(0);
  expect(next.delivery.sent).toBeGreaterThan(0);
});
