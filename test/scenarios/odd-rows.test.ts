import { describe, expect, test } from 'vitest';
import type { Account } from '../../src/sandbox/population.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { outOfStep } from '../support/in-step.ts';
import { type Row, rewriteRows, stackList } from '../support/rewrite-rows.ts';
import { startScenario } from '../support/scenario.ts';

/** Fields that no plan depends on: a portal's rows may lack them, or have another type there. */
const needless: Readonly<Record<string, readonly string[]>> = {
  devices: [
    'description',
    'status',
    'cost',
    'public_ips',
    'private_ips',
    'ssh_key',
    'login_user',
    'volume_details',
  ],
  racks: ['status', 'cost', 'creation_output', 'network_details'],
  templates: ['description', 'vcpus', 'ram', 'disk'],
};

for (const [list, fields] of Object.entries(needless)) {
  test.each(fields)(`of ${list} one that lacks its %s, or has a list there, stops no run`, async (field) => {
    for (const oddity of [undefined, ['odd']]) {
      await using scenario = await startScenario({ servers: 3 });
      const { sandbox } = scenario;
      await scenario.run();
      const [server, other] = [...sandbox.cloud.compute.servers()];
      if (!server || !other) throw new Error('too few servers');
      sandbox.cloud.compute.setServerState(other.id, { vmState: 'stopped' });
      const heal = sandbox.faults.add({
        service: 'concertim',
        method: 'GET',
        path: new RegExp(`^/api/v1/${list}(\\?|$)`),
        kind: 'rewrite',
        rewrite: (body) => (body as Row[]).map((row, at) => (at === 0 ? { ...row, [field]: oddity } : row)),
      });

      const report = await scenario.run();

      expect(report.changes['update-device']).toBeGreaterThan(0);
      expect(report.changes['delete-device'] ?? 0).toBe(0);
      expect(report.changes['create-device'] ?? 0).toBe(0);
      heal();
      await scenario.run();
      expect(outOfStep(sandbox)).toEqual([]);
    }
  });
}

/**
 * Fields that decisions depend on: a row without one is left out alone, and its object is not made a second
 * time.
 */
const needed: readonly [list: string, field: string][] = [
  ...['id', 'name', 'metadata', 'location', 'template_id'].map((field): [string, string] => [
    'devices',
    field,
  ]),
  ...['id', 'name', 'metadata', 'owner', 'u_height'].map((field): [string, string] => ['racks', field]),
  ...['id', 'name', 'foreign_id', 'height'].map((field): [string, string] => ['templates', field]),
];

describe.each(['2023-08', '1.2', 'main'] as const)('in release %s', (release) => {
  const owners = release === '2023-08' ? 'users' : 'teams';
  // Super-users have no project.
  const ownerFields = release === '2023-08' ? ['id', 'login'] : ['id', 'project_id'];
  const fields = [...needed, ...ownerFields.map((field): [string, string] => [owners, field])];

  test.each(fields)(
    'of %s one that lacks its %s, or has a list there, is kept and not doubled',
    async (list, field) => {
      for (const oddity of [undefined, ['odd']]) {
        await using scenario = await startScenario({ release, projects: 2, stacks: 2, servers: 3 });
        const { cloud, portal, faults } = scenario.sandbox;
        await scenario.run();
        const before = countRows(portal);
        const heal = faults.add({
          service: 'concertim',
          method: 'GET',
          path: new RegExp(`^/api/v1/${list}(\\?|$)`),
          kind: 'rewrite',
          rewrite: withOddRow(list, (row) => without(row, field, oddity)),
        });
        for (const { id } of cloud.compute.servers())
          cloud.compute.setServerState(id, { vmState: 'stopped' });

        const { changes, failures, skipped } = await scenario.run();
        await scenario.run();

        expect({ failures, skipped }).toEqual({ failures: [], skipped: [] });
        expect(Object.keys(changes).filter((kind) => !kind.startsWith('update'))).toEqual([]);
        expect(changes['update-device']).toBeGreaterThanOrEqual(2);
        expect(countRows(portal)).toEqual(before);
        const named = scenario.logged.filter((line) => line.includes('"event":"row-unreadable"'));
        expect(named).toHaveLength(1);
        expect(JSON.parse(named[0] ?? '{}')).toMatchObject({
          object: list.slice(0, -1),
          problem: expect.stringContaining(field),
        });
        expect(scenario.logged.filter((line) => line.includes('not managed'))).toEqual([]);

        heal();
        await scenario.run();
        expect(outOfStep(scenario.sandbox)).toEqual([]);
        expect(countRows(portal)).toEqual(before);
      }
    },
  );

  test('while a device is odd, what leaves the cloud goes, and other stacks get what is new', async () => {
    await using scenario = await startScenario({ release, projects: 1, stacks: 2, servers: 2 });
    const { cloud, portal, faults, population } = scenario.sandbox;
    await scenario.run();
    const last = [...cloud.compute.servers()].at(-1);
    faults.add({
      service: 'concertim',
      method: 'GET',
      path: /^\/api\/v1\/devices(\?|$)/,
      kind: 'rewrite',
      rewrite: withOddRow('devices', (row) => without(row, 'metadata', 'odd')),
    });
    const { size } = portal.devices;
    cloud.compute.deleteServer(last?.id ?? '');

    await scenario.run();
    expect(portal.devices.size).toBe(size - 1);

    population.addCluster(population.accounts[0] as Account, { servers: 2 });
    await scenario.run();
    expect(portal.devices.size).toBeGreaterThan(size);
  });
});

test.each(['devices', 'racks', 'templates'])(
  'several rows of %s of which none is understood are of a release that this version does not know',
  async (list) => {
    await using scenario = await startScenario({ release: 'main', stacks: 2, servers: 2 });
    await scenario.run();
    scenario.sandbox.faults.add({
      service: 'concertim',
      method: 'GET',
      path: new RegExp(`^/api/v1/${list}$`),
      kind: 'rewrite',
      rewrite: (body) => (body as Row[]).map((row) => ({ ...row, id: undefined })),
    });

    expect(await scenario.tryRun()).toBeUndefined();
    expect(scenario.logged.findLast((line) => line.includes('reconcile failed'))).toContain(
      'none that this version knows',
    );
  },
);

/** Fields that a row of Heat's list needs; here one lacks the field, or has a list there. */
test.each(['stack_name', 'project', 'parent', 'stack_status', 'creation_time'])(
  'a stack whose row has no proper %s keeps its rack, and costs no other',
  async (field) => {
    for (const oddity of field === 'parent' ? [['odd']] : [undefined, ['odd']]) {
      await using scenario = await startScenario({
        projects: 2,
        stacks: 3,
        servers: 2,
        config: { updates: { standalone_servers: 'rack' } },
      });
      const { cloud, portal, population } = scenario.sandbox;
      await scenario.run();
      const [odd, gone] = [...cloud.orchestration.stacks()].filter(({ parent }) => !parent);
      if (!odd || !gone) throw new Error('too few stacks');
      const rackOf = (id: string) =>
        portal.racks.all().find((rack) => rack.metadata['openstack_stack_id'] === id);
      const before = structuredClone(rackOf(odd.id));
      const devicesOf = () => portal.devices.all().filter((device) => device.rack_id === before?.id);
      const devices = structuredClone(devicesOf());
      expect(devices.length).toBeGreaterThan(0);
      const heal = rewriteRows(scenario.sandbox, stackList, (row) =>
        row['id'] === odd.id ? { ...row, [field]: oddity } : row,
      );
      cloud.orchestration.deleteStack(gone.id);
      cloud.advance();
      const made = population.addCluster(population.accounts[0] as Account, { servers: 1 });

      const { failures, skipped, held } = await scenario.run();
      await scenario.run();

      expect({ failures, skipped, held }).toEqual({ failures: [], skipped: [], held: [] });
      expect(rackOf(odd.id)).toEqual(before);
      expect(devicesOf()).toEqual(devices);
      expect([rackOf(gone.id), rackOf(made.id)?.name]).toEqual([undefined, made.name]);
      expect(portal.racks.all().filter(({ name }) => name === 'standalone')).toEqual([]);
      const named = scenario.logged.filter((line) => line.includes('details not available'));
      expect(named).toHaveLength(1);
      expect(JSON.parse(named[0] ?? '{}')).toMatchObject({
        object: 'stack',
        ids: [odd.id],
        problem: expect.stringContaining(field === 'parent' ? 'parent' : field),
      });

      heal();
      await scenario.run();
      expect(outOfStep(scenario.sandbox)).toEqual([]);
    }
  },
);

test('a stack whose row has no id makes the list worth nothing: what it may be must not look deleted', async () => {
  await using scenario = await startScenario({ stacks: 2, servers: 2 });
  const { portal } = scenario.sandbox;
  await scenario.run();
  const before = countRows(portal);
  rewriteRows(scenario.sandbox, stackList, (row, at) => (at === 0 ? { ...row, id: undefined } : row));

  expect(await scenario.tryRun()).toBeUndefined();
  expect(scenario.logged.findLast((line) => line.includes('reconcile failed'))).toContain(
    'a stack without an id',
  );
  expect(countRows(portal)).toEqual(before);
});

/** Rewrites the rows of one of Nova's lists that `isMeant` names. */
function oddRows(sandbox: Sandbox, list: string, isMeant: (row: Row) => boolean, oddity: Row) {
  const field = list.split('/')[0]?.replace('os-', '').replace('-', '_') ?? '';
  return rewriteRows(sandbox, { service: 'nova', list, field }, (row) =>
    isMeant(row) ? { ...row, ...oddity } : row,
  );
}

describe.each(['2.100', '2.40'])('with Nova %s', (microversion) => {
  test.each(['name', 'vcpus', 'ram', 'disk'])(
    'a flavor whose row has no proper %s keeps its template and its devices, and costs no other',
    async (field) => {
      for (const oddity of [undefined, ['odd']]) {
        await using scenario = await startScenario({ microversion, stacks: 2, servers: 3 });
        const { cloud, portal, population } = scenario.sandbox;
        await scenario.run();
        const [first] = [...cloud.compute.servers()];
        const used = new Set([...cloud.compute.servers()].map(({ flavor }) => flavor.id));
        const unused = [...cloud.compute.flavors.keys()].find((id) => !used.has(id));
        const odd = new Set([first?.flavor.id, unused]);
        const templates = () => portal.templates.all().filter(({ foreign_id: id }) => odd.has(id ?? ''));
        const before = structuredClone(templates());
        expect(before).toHaveLength(2);
        const heal = oddRows(scenario.sandbox, 'flavors/detail', ({ id }) => odd.has(id as string), {
          [field]: oddity,
        });
        for (const { id } of cloud.compute.servers())
          cloud.compute.setServerState(id, { vmState: 'stopped' });
        population.addCluster(population.accounts[0] as Account, { servers: 2 });

        const { changes, failures, skipped } = await scenario.run();

        expect({ failures, skipped }).toEqual({ failures: [], skipped: [] });
        expect(Object.keys(changes).filter((kind) => /^(delete|replace)/.test(kind))).toEqual([]);
        expect(templates()).toEqual(before);
        const named = scenario.logged.filter((line) => line.includes('details not available'));
        expect(JSON.parse(named[0] ?? '{}')).toMatchObject({ object: 'flavor', count: 2 });

        heal();
        await scenario.run();
        expect(outOfStep(scenario.sandbox)).toEqual([]);
      }
    },
  );
});

test('a new server of a new flavor that cannot be read waits where Nova says no more of it than the id', async () => {
  await using scenario = await startScenario({ microversion: '2.40', stacks: 1, servers: 2 });
  const { cloud, portal, population } = scenario.sandbox;
  const flavors = new Set(cloud.compute.flavors.keys());
  const heal = oddRows(scenario.sandbox, 'flavors/detail', ({ id }) => flavors.has(id as string), {
    vcpus: 'odd',
  });
  population.addCluster(population.accounts[0] as Account, { servers: 2 });

  const { failures } = await scenario.run();

  expect(failures).toEqual([]);
  expect(portal.racks.size).toBeGreaterThan(0);
  expect(portal.devices.all().filter(({ metadata }) => metadata['openstack_instance_id'])).toEqual([]);

  heal();
  await scenario.run();
  expect(outOfStep(scenario.sandbox)).toEqual([]);
});

/** A device shows its template in one of two fields, so both change. */
function without(row: Row, field: string, oddity: unknown): Row {
  const both = field === 'template_id' ? { template: oddity } : {};
  return { ...row, ...both, [field]: oddity };
}

function countRows({ racks, devices, templates }: Sandbox['portal']) {
  return { racks: racks.size, devices: devices.size, templates: templates.size };
}

/** Changes the first row of a list that belongs to the service, and leaves the others as they are. */
function withOddRow(list: string, change: (row: Row) => Row) {
  return (body: unknown) => {
    const rows = body as Row[];
    const at = rows.findIndex((row) => isOurs(list, row));
    return rows.map((row, index) => (index === at ? change(row) : row));
  };
}

function isOurs(list: string, { metadata, foreign_id: flavor, project_id: project }: Row): boolean {
  const { openstack_instance_id: server, openstack_stack_id: stack } = (metadata ?? {}) as Row;
  if (list === 'devices') return server !== undefined;
  if (list === 'racks') return stack !== undefined;
  return Boolean(list === 'templates' ? flavor : project);
}
