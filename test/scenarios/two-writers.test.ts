/** Two services without RabbitMQ and without a folder in common: nothing elects one of them, and each sees only what the other does. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { profiles } from '../../src/concertim/profile.ts';
import { loadConfig } from '../../src/config/load.ts';
import { createLogger } from '../../src/observability/logger.ts';
import type { Status } from '../../src/observability/status.ts';
import type { RunReport } from '../../src/reconcile/run-report.ts';
import { seededRandom } from '../../src/runtime/random.ts';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/sandbox.ts';
import { Service } from '../../src/service.ts';
import { ailments, startClinic } from '../support/doctor.ts';
import { objectsShown } from '../support/in-step.ts';
import { HastyClock } from '../support/manual-clock.ts';
import { portalRelease } from '../support/portal-release.ts';

interface Host extends AsyncDisposable {
  run(): Promise<RunReport | undefined>;
  /** Whether its health is good. */
  isWell(): boolean;
  readonly logged: string[];
  readonly clock: HastyClock;
}

function startHost(sandbox: Sandbox, standalone: 'rack' | 'ignore'): Host {
  const folder = mkdtempSync(join(tmpdir(), 'host-'));
  const file = join(folder, 'config.yaml');
  writeFileSync(
    file,
    stringify({ ...sandbox.config, data_dir: folder, updates: { standalone_servers: standalone } }),
  );
  const logged: string[] = [];
  const clock = new HastyClock();
  let report: RunReport | undefined;
  const service = new Service({
    config: loadConfig({ file, env: {} }),
    components: ['updates_bulk'],
    clock,
    random: seededRandom(1),
    log: createLogger({ level: 'info', format: 'json', output: { write: (line) => logged.push(line) } }),
    onReport: (told) => {
      report = told;
    },
  });
  return {
    logged,
    clock,
    isWell: () => service.health().every(({ ready }) => ready),
    async run() {
      report = undefined;
      await service.runOnce(new AbortController().signal);
      return report;
    },
    async [Symbol.asyncDispose]() {
      await service[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true });
    },
  };
}

function startSmallSandbox(size: Pick<SandboxOptions, 'projects' | 'stacks' | 'servers'> = {}) {
  return startSandbox({ projects: 1, stacks: 1, servers: 2, pace: 0, release: portalRelease(), ...size });
}

/** A server of no stack. */
function addServer({ cloud, population }: Sandbox): void {
  const [account] = population.accounts;
  const [flavor] = cloud.compute.flavors.values();
  if (!account || !flavor) throw new Error('no account, or no flavor');
  cloud.compute.addActiveServer(
    { name: 'alone', projectId: account.project.id, userId: account.user.id, flavor },
    0,
  );
}

test('of two with different settings each soon stops making and deleting the same rack, and says so once', async () => {
  await using sandbox = await startSmallSandbox();
  addServer(sandbox);
  await using maker = startHost(sandbox, 'rack');
  await using remover = startHost(sandbox, 'ignore');
  let changes = 0;
  let last: RunReport | undefined;

  for (let round = 0; round < 10; round++) {
    last = await maker.run();
    await remover.run();
    if (round > 0) changes += Object.values(last?.changes ?? {}).reduce((sum, count) => sum + count, 0);
  }

  expect(last?.changes).toEqual({});
  expect(last?.contested).toMatchObject([{ change: 'create-rack' }, { change: 'create-device' }]);
  const said = maker.logged.filter((line) => line.includes('another writer undoes it'));
  expect(said).toHaveLength(2);
  expect(said.join()).toContain('"level":"error"');
  // Each repeat makes a rack and a device.
  expect(changes).toBeLessThan(10);

  for (let hour = 0; hour < 2; hour++) await maker.clock.sleep(3_600_000);
  expect((await maker.run())?.contested).toEqual([]);
});

test('a person who deletes a rack once or twice sees it made again', async () => {
  await using sandbox = await startSmallSandbox();
  await using host = startHost(sandbox, 'ignore');
  await host.run();

  for (let time = 0; time < 2; time++) {
    for (const rack of sandbox.portal.racks.all()) sandbox.portal.deleteRack(rack.id);
    const report = await host.run();

    expect(report?.changes).toMatchObject({
      'create-rack': 1,
      'create-device': objectsShown(sandbox).length,
    });
    expect(report?.contested).toEqual([]);
  }
});

// UUIDs do not show that a database counts from an earlier one.
const hasNumbers = profiles[portalRelease()].ids === 'integer';

test.runIf(hasNumbers)(
  'a portal that is restored from a backup again and again is no contest: each time all is written again',
  async () => {
    await using sandbox = await startSmallSandbox();
    await using host = startHost(sandbox, 'rack');
    await host.run();
    const { templates, racks, devices } = sandbox.portal;
    const restores = [devices, racks, templates].map((table) => table.backUp());
    addServer(sandbox);
    await host.run();

    for (let time = 0; time < 6; time++) {
      for (const restore of restores) restore();
      const report = await host.run();

      expect(report?.changes).toEqual({ 'create-rack': 1, 'create-device': 1 });
      expect(report?.contested).toEqual([]);
    }
    const said = host.logged.filter((line) => line.includes('"event":"portal-restored"'));
    expect(said.length).toBeGreaterThanOrEqual(6);
    expect(host.isWell()).toBe(true);
  },
);

test.each([
  { owners: 1, isWell: true },
  { owners: 2, isWell: false },
])('racks of $owners owner(s) that are deleted over and over: health is good: $isWell', async (situation) => {
  const { owners, isWell } = situation;
  await using sandbox = await startSmallSandbox({ projects: 2, stacks: 2, servers: 1 });
  await using host = startHost(sandbox, 'ignore');
  await host.run();
  const undone = new Set(
    sandbox.portal.users
      .all()
      .filter(({ root }) => !root)
      .slice(0, owners)
      .map(({ id }) => id),
  );

  for (let round = 0; round < 12; round++) {
    for (const rack of sandbox.portal.racks.all())
      if (undone.has(rack.user_id)) sandbox.portal.deleteRack(rack.id);
    await host.run();
    await host.clock.sleep(150_000);
  }

  expect(host.isWell()).toBe(isWell);
});

test('a server that is stopped and started again and again is no contest', async () => {
  await using sandbox = await startSmallSandbox();
  await using host = startHost(sandbox, 'ignore');
  await host.run();
  const [server] = [...sandbox.cloud.compute.servers()];
  if (!server) throw new Error('no server');

  for (let time = 0; time < 12; time++) {
    const vmState = time % 2 === 0 ? 'stopped' : 'active';
    sandbox.cloud.compute.setServerState(server.id, { vmState });
    expect((await host.run())?.changes).toEqual({ 'update-device': 1 });
  }
});

test('doctor says which objects another writer undoes', async () => {
  await using clinic = await startClinic();
  const updates = { writer: true, contested: ['rack servers without a stack'] };

  const found = ailments(await clinic.examine({ running: [{ updates } as unknown as Status] }));

  expect(found).toContainEqual(
    expect.objectContaining({
      check: 'updates.contested',
      level: 'error',
      found: expect.stringContaining('rack servers without a stack'),
    }),
  );
});
