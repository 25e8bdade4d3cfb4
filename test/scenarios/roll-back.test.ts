/** Version 1.0.0, this one, and 1.0.0 again, on one portal, one folder of data and one configuration: each finds what the other left. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { loadConfig } from '../../src/config/load.ts';
import { createLogger } from '../../src/observability/logger.ts';
import type { RunReport } from '../../src/reconcile/run-report.ts';
import { server, type Template } from '../../src/sandbox/cloud/template.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { Service } from '../../src/service.ts';
import { command } from '../support/command.ts';
import { outOfStep } from '../support/in-step.ts';
import { extractVersion100, type Version100, whyNoVersion100 } from '../support/version-1.0.0.ts';

const whyNo = whyNoVersion100();
const skipped = whyNo ? ` (skipped: ${whyNo})` : '';
const folder = mkdtempSync(join(tmpdir(), 'roll-back-'));
let version100: Version100 | undefined;
beforeAll(() => {
  if (whyNo === undefined) version100 = extractVersion100();
});
afterAll(() => {
  version100?.[Symbol.dispose]();
  rmSync(folder, { recursive: true });
});

/** A host with a folder of data; runs of each version on it, each in a process or a service of its own. */
function hostOn(sandbox: Sandbox) {
  const place = mkdtempSync(join(folder, 'host-'));
  const file = join(place, 'config.yaml');
  const settings = { data_dir: join(place, 'data'), log_level: 'info', updates: { interval: 1 } };
  writeFileSync(file, stringify({ ...settings, ...sandbox.config }));
  const start100 = (...options: string[]) => {
    if (!version100) throw new Error(whyNo);
    return version100.command('run', 'updates_bulk', '-c', file, ...options);
  };
  return {
    start100,
    start: () => command('run', 'updates_bulk', '-c', file),
    /** @returns what it changed */
    async run100(): Promise<Changes> {
      const { code, stdout, stderr } = await start100('--once').finished;
      expect(code, stdout + stderr).toBe(0);
      const line = stdout.split('\n').find((each) => each.includes('"msg":"reconciled"'));
      return (JSON.parse(line ?? '{"changes":{}}') as { changes: Changes }).changes;
    },
    async run(): Promise<Changes> {
      const reports: RunReport[] = [];
      await using service = new Service({
        config: loadConfig({ file, env: {} }),
        components: ['updates_bulk'],
        log: createLogger({ level: 'error', format: 'json', output: { write: () => {} } }),
        onReport: (report) => reports.push(report),
      });
      await service.runOnce(new AbortController().signal);
      expect(reports).toMatchObject([{ failures: [] }]);
      return reports[0]?.changes ?? {};
    },
  };
}

type Changes = Readonly<Record<string, number>>;

/** More servers than fit into the highest rack. */
function addTallStack({ cloud, population }: Sandbox, name: string): void {
  const [account] = population.accounts;
  const [flavor] = cloud.compute.flavors.values();
  if (!account || !flavor) throw new Error('no account, or no flavor');
  const nodes = Array.from({ length: 80 }, (_, at) => [
    `node${at}`,
    server({ name: `node${at}.${name}.alces.network`, flavor, addresses: [], imageId: '' }),
  ]);
  const template: Template = {
    description: '',
    parameters: {},
    resources: Object.fromEntries(nodes),
    outputs: [],
  };
  const { project, user: owner } = account;
  cloud.orchestration.createStack({ name, project, owner, template });
  cloud.settle();
}

function removeServer({ cloud }: Sandbox): void {
  const [{ id } = { id: '' }] = cloud.compute.servers();
  cloud.compute.act(id, 'delete');
  cloud.settle();
}

const shown = ({ portal }: Sandbox) => ({
  racks: portal.racks
    .all()
    .map(({ id, name, u_height: height }) => `${id} ${name} ${height}`)
    .sort(),
  devices: portal.devices
    .all()
    .map(({ id, name, rack_id: rack, start_u: unit, template_id: template }) =>
      [id, name, rack, unit, template].join(' '),
    )
    .sort(),
  templates: portal.templates
    .all()
    .map(({ id, name, height }) => `${id} ${name} ${height}`)
    .sort(),
});

const beyondUpdates = (changes: Changes) =>
  Object.keys(changes).filter((kind) => !/^update-(rack|device)$/.test(kind));

test.skipIf(whyNo !== undefined)(
  `each version adopts what the other has made, and makes nothing twice${skipped}`,
  async () => {
    await using sandbox = await startSandbox({
      projects: 2,
      stacks: 2,
      servers: 3,
      pace: 0,
      release: '2023-08',
    });
    const host = hostOn(sandbox);
    await host.run100();
    const filledBefore = shown(sandbox);

    const upgrade = await host.run();
    const upgraded = shown(sandbox);
    addTallStack(sandbox, 'made-by-ours');
    removeServer(sandbox);
    await host.run();
    const filledByOurs = shown(sandbox);
    const back = await host.run100();
    const rolledBack = shown(sandbox);
    addTallStack(sandbox, 'made-by-1-0-0');
    removeServer(sandbox);
    await host.run100();
    const filledAfterwards = shown(sandbox);
    const again = await host.run();

    expect(filledBefore.devices).toHaveLength(6);
    expect([upgrade, back, again].flatMap(beyondUpdates)).toEqual([]);
    expect(upgraded).toEqual(filledBefore);
    expect(filledByOurs.racks).toHaveLength(filledBefore.racks.length + 2);
    expect(rolledBack).toEqual(filledByOurs);
    expect(filledAfterwards.racks).toHaveLength(filledBefore.racks.length + 4);
    expect(shown(sandbox)).toEqual(filledAfterwards);
    expect(outOfStep(sandbox)).toEqual([]);
  },
  60_000,
);

test.skipIf(whyNo !== undefined)(
  `while a process of one version writes, one of the other stands by, and takes over when it ends${skipped}`,
  async () => {
    await using sandbox = await startSandbox({
      projects: 1,
      stacks: 1,
      servers: 2,
      pace: 0,
      release: '2023-08',
    });
    const host = hostOn(sandbox);

    const old = host.start100();
    await old.saw('"msg":"reconciled"');
    const young = host.start();
    await young.saw('"msg":"standby: another process writes to the portal"');
    old.kill('SIGTERM');
    await young.saw('"msg":"reconciled"');
    const oldAgain = host.start100();
    await oldAgain.saw('another process writes to the portal');
    const wroteBeside = oldAgain.printed().includes('"msg":"reconciled"');
    young.kill('SIGTERM');
    await oldAgain.saw('"msg":"reconciled"');
    oldAgain.kill('SIGTERM');

    expect(wroteBeside).toBe(false);
    for (const each of [old, young, oldAgain]) expect((await each.finished).code).toBe(0);
    expect(outOfStep(sandbox)).toEqual([]);
  },
  60_000,
);

test.skipIf(whyNo !== undefined)(`the configuration that came with 1.0.0 serves as it is${skipped}`, () => {
  const { notices } = loadConfig({ file: version100?.exampleFile ?? '', env: {} });

  expect(notices).toEqual([]);
});
