/**
 * A new operator's walk: an empty machine, a cloud and a portal in which nothing is prepared, and a command line. What the
 * operator brings along are the addresses and an administrator's account of each; every step is one that the step before
 * has printed.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { componentNames } from '../../src/components.ts';
import { freePort } from '../../src/sandbox/free-port.ts';
import { password } from '../../src/sandbox/population.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';
import { command } from '../support/command.ts';
import { outOfStep } from '../support/in-step.ts';
import { until } from '../support/listening-scenario.ts';
import { commandsIn, runPrinted } from '../support/printed-commands.ts';

/** A cloud as its installation leaves it, with users of the portal whom nobody has given a project. */
async function unprepared(): Promise<Sandbox> {
  const sandbox = await startSandbox({ projects: 1, stacks: 2, servers: 2, pace: 0 });
  const { identity } = sandbox.cloud;
  identity.deleteUser(sandbox.population.concertim);
  identity.deleteRole(identity.role('watcher'));
  sandbox.portal.addUser({ login: 'newcomer' });
  return sandbox;
}

test('from nothing to a service that runs, by what it prints', { timeout: 90_000 }, async () => {
  await using sandbox = await unprepared();
  const folder = mkdtempSync(join(tmpdir(), 'first-day-'));
  const file = join(folder, 'config.yaml');
  const ask = (...args: string[]) => command(...args, '--config', file).finished;
  const edit = (changes: Record<string, unknown>) => {
    const whole = parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
    for (const [section, keys] of Object.entries(changes)) {
      whole[section] =
        typeof keys === 'object' ? { ...(whole[section] as object), ...(keys as object) } : keys;
    }
    writeFileSync(file, stringify(whole));
  };

  // The command alone says where to begin.
  const { stdout, stderr } = await command().finished;
  const [, begin = ''] = `${stdout}${stderr}`.split('in this order;');
  const steps = [...begin.matchAll(/^ {2}(\w+) /gm)].map(([, name]) => name);
  expect(steps).toEqual(['doctor', 'plan', 'run', 'status']);

  // There is no configuration: it says how to have one to start from.
  const nothing = await ask('doctor');
  expect(nothing).toMatchObject({ code: 2, stdout: expect.stringContaining('does not exist') });
  for (const printed of commandsIn(nothing.stdout)) await runPrinted(printed, sandbox);

  // The addresses of the example are nobody's: it names the settings to be changed.
  const elsewhere = await ask('doctor');
  expect(elsewhere.code).toBe(2);
  for (const key of ['openstack.auth_url', 'concertim.concertim_url', 'data_dir', 'remove the section rmq'])
    expect(elsewhere.stdout).toContain(key);
  edit({
    data_dir: join(folder, 'data'),
    openstack: { ...sandbox.config.openstack, username: 'admin', password },
    concertim: sandbox.config.concertim,
    // This cloud has no broker to listen to.
    rmq: undefined,
    // Other tests run beside this one.
    api: { host: '127.0.0.1', port: await freePort() },
  });

  // What the cloud lacks is told with the commands that make it; the rest --fix can do by itself.
  const lacking = await ask('doctor');
  expect(lacking.code).toBe(2);
  expect(lacking.stdout).toMatch(/✗ keystone\.users +User concertim does not exist/);
  const [first, ...more] = commandsIn(lacking.stdout);
  expect([first, ...more]).toEqual(
    expect.arrayContaining([
      `chmod o-rwx ${file}`,
      'openstack role create watcher',
      'openstack user create --domain default --password-prompt concertim',
    ]),
  );
  for (const printed of commandsIn(lacking.stdout).filter((text) => !text.includes('concertim')))
    await runPrinted(printed, sandbox);
  await runPrinted(`chmod o-rwx ${file}`, sandbox);
  const fixed = await ask('doctor', '--fix', '--yes');
  expect(fixed.stderr).toMatch(/done: create user concertim/);
  expect(fixed.stderr).toMatch(/done: give user \w+ the role watcher in project \w+/);

  // One thing is left, and it needs the service itself: the team that has no project.
  expect(fixed.stdout).toMatch(/! concertim\.teams +Teams without a Keystone project: newcomer_team/);
  expect(fixed.stdout).toMatch(/Run the component api/);
  expect(fixed.code).toBe(3);

  // What it would do, and doing it once.
  const planned = await ask('plan');
  expect(planned).toMatchObject({
    code: 2,
    stdout: expect.stringMatching(/^ {2}\+ rack .*its stack has no rack yet/m),
  });
  expect((await ask('run', 'updates_bulk', '--once')).code).toBe(0);
  expect((await ask('plan')).stdout).toBe('Portal of release main.\nIn step: nothing to change.\n');

  // From now on it runs; the portal has it make what the newcomer needs.
  const running = command('run', '--config', file);
  await running.saw('"msg":"listening"');
  await saveInPortal(sandbox, (parse(readFileSync(file, 'utf8')) as { api: { port: number } }).api.port);
  const well = await ask('doctor');
  expect(well.stdout).toMatch(/\nAll is well: \d+ checks\.\n$/);
  expect(well.code).toBe(0);

  // And what happens in the cloud shows, as the status tells.
  const [server] = sandbox.cloud.compute.servers();
  sandbox.cloud.compute.act(server?.id ?? '', 'stop');
  let little = await ask('status');
  // How the components fare is told once a second.
  for (let asked = 1; asked < 10 && /starting/.test(little.stdout); asked++) little = await ask('status');
  expect(little.stdout).toMatch(/^ {2}✓ api works$/m);
  expect(little.stdout).toMatch(/^Set observability\.port to see more here/m);
  edit({ observability: { port: await freePort(2 * componentNames.length - 1) } });
  running.kill('SIGTERM');
  expect((await running.finished).code).toBe(0);
  const again = command('run', '--config', file);
  await until(
    () => outOfStep(sandbox).length === 0,
    20_000,
    () => outOfStep(sandbox).join('; '),
  );
  await again.saw('"msg":"reconciled"');
  const status = await ask('status');
  expect(status.stdout).toMatch(/^ {2}✓ updates_bulk/m);
  expect(status.stdout).toMatch(/^ {4}full run +\d+ s ago/m);
  again.kill('SIGTERM');
  expect((await again.finished).code).toBe(0);
  rmSync(folder, { recursive: true, force: true });
});

/** A user is saved in Concertim, which then asks the component api for a user and a project of the cloud. */
async function saveInPortal({ cloud, portal, config }: Sandbox, port: number): Promise<void> {
  const newcomer = portal.users.all().find(({ login }) => login === 'newcomer');
  const named = (from: Iterable<{ id: string; name: string }>, name: string) =>
    [...from].find((each) => each.name === name)?.id;
  const answer = await fetch(`http://127.0.0.1:${port}/create_user_project`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      cloud_env: {
        auth_url: config.openstack.auth_url,
        user_id: named(cloud.identity.users.values(), 'admin'),
        password,
        project_id: named(cloud.identity.projects.values(), 'admin'),
      },
      username: 'newcomer',
      password: 'a-password-of-theirs',
      email: 'newcomer@example.com',
    }),
  });
  const made = (await answer.json()) as { user_id: string; project_id: string };
  portal.users.update(newcomer?.id ?? 0, { cloud_user_id: made.user_id, project_id: made.project_id });
}
