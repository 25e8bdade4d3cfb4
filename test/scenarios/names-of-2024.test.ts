import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { stringify } from 'yaml';
import { freePort } from '../../src/sandbox/free-port.ts';
import { killBillLogin } from '../../src/sandbox/killbill/routes.ts';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { command } from '../support/command.ts';
import { outOfStep } from '../support/in-step.ts';

/** A site whose deployment was made for the Python service of 2024: one folder of logs, one of data, for all. */
async function startSite() {
  const sandbox = await startSandbox({ projects: 1, stacks: 1, servers: 2, pace: 0 });
  const folder = mkdtempSync(join(tmpdir(), 'names-'));
  onTestFinished(async () => {
    await sandbox.close();
    rmSync(folder, { recursive: true });
  });
  const config = join(folder, 'config.yaml');
  const settings = {
    ...sandbox.config,
    log_level: 'INFO',
    log_dir: join(folder, 'log'),
    data_dir: join(folder, 'data'),
    cloud_type: 'openstack',
    billing_platform: 'killbill',
    killbill: {
      api_host: sandbox.services.killbill.url,
      password: killBillLogin.password,
      apikey: killBillLogin.apiKey,
      apisecret: killBillLogin.apiSecret,
    },
    api: { host: '127.0.0.1', port: await freePort() },
  };
  writeFileSync(config, stringify(settings));
  const start = (name: string) => command(`--process=${name}`, '-c', config);
  const log = (name: string) => readFileSync(join(folder, 'log', `${name}.log`), 'utf8');
  const health = async (name: string) => (await command('health', name, '-c', config).finished).code;
  return { sandbox, folder, start, log, health };
}

const standsBy = 'standby: another process writes to the portal';
const nothingToDo = 'standby: the other components do this work, and this process can be left out';
const times = (text: string, part: string) => text.split(part).length - 1;

test('of fe_updates and view_sync the second stands by, well, says so once, and takes over', async () => {
  const { sandbox, folder, start, log, health } = await startSite();
  const first = start('fe_updates');
  await first.saw('"msg":"reconciled"');
  const second = start('view_sync');
  await second.saw(standsBy);
  // Their signs are there a moment after the lines.
  const soon = { timeout: 20_000, interval: 500 };
  await expect.poll(() => health('fe_updates'), soon).toBe(0);
  await expect.poll(() => readdirSync(join(folder, 'data/health')).length, soon).toBe(2);
  const areWell = [await health('fe_updates'), await health('view_sync')];

  first.kill('SIGTERM');
  await first.finished;
  sandbox.cloud.compute.act([...sandbox.cloud.compute.servers()][0]?.id ?? '', 'stop');
  await second.saw('"msg":"reconciled"');
  second.kill('SIGTERM');
  const { code, stderr } = await second.finished;

  expect(areWell).toEqual([0, 0]);
  expect(code, stderr).toBe(0);
  expect(outOfStep(sandbox)).toEqual([]);
  expect(readdirSync(join(folder, 'log')).sort()).toEqual(['fe_updates.log', 'view_sync.log']);
  expect(times(log('view_sync'), standsBy)).toBe(1);
  expect(times(log('fe_updates'), standsBy)).toBe(0);
});

test('billing has no work of its own: it is well, says so once, and ends with the signal', async () => {
  const { folder, start, log, health } = await startSite();
  const before = await health('billing');
  const billing = start('billing');
  await billing.saw(nothingToDo);
  await expect.poll(() => readdirSync(join(folder, 'data/health')).length).toBe(1);
  const isWell = await health('billing');

  billing.kill('SIGTERM');
  const { code } = await billing.finished;

  expect([before, isWell, await health('billing')]).toEqual([1, 0, 1]);
  expect(code).toBe(0);
  expect(times(log('billing'), nothingToDo)).toBe(1);
});

test('one cycle of billing is over at once', async () => {
  const { folder } = await startSite();

  const { code, stdout } = await command('--process=billing', '--run_once', '-c', join(folder, 'config.yaml'))
    .finished;

  expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
});

test.each([
  ['fe_updates', 'fe_updates.log'],
  ['view_sync', 'view_sync.log'],
  ['fe_metrics', 'fe_metrics.log'],
])('one cycle of %s, in the spelling of 2024, has the log file %s', async (name, file) => {
  const { folder } = await startSite();

  const { code, stderr } = await command(`--process=${name}`, '-t', '-c', join(folder, 'config.yaml'))
    .finished;

  expect(code, stderr).toBe(0);
  expect(readdirSync(join(folder, 'log'))).toEqual([file]);
});
