import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import { root as checkout, run } from '../../scripts/command.ts';
import { unitFiles } from '../../scripts/systemd-units.ts';
import { loadConfig } from '../../src/config/load.ts';
import { play, whyNoAnsible } from '../support/ansible.ts';

// npm builds and copies a package; what it leaves is a few hundred megabytes.
vi.setConfig({ testTimeout: 600_000, hookTimeout: 120_000 });
const whyNo = whyNoAnsible();
const mayInstall = process.getuid?.() === 0 && existsSync('/usr/bin/systemd-sysusers');
const why = whyNo ?? (mayInstall ? undefined : 'systemd-sysusers and root are needed');
const note = (reason: string | undefined) => (reason ? ` (skipped: ${reason})` : '');
const folder = mkdtempSync(join(tmpdir(), 'ansible-'));

afterAll(() => rmSync(folder, { recursive: true }));

const config = {
  openstack: { auth_url: 'http://keystone:5000/v3', user_id: 'u', project_id: 'p' },
  concertim: { concertim_url: 'http://portal', concertim_username: 'admin' },
};
const secrets = {
  CONCERTIM_OPENSTACK_SERVICE_OPENSTACK_PASSWORD: 'a "b" $c \\d #e',
  CONCERTIM_OPENSTACK_SERVICE_CONCERTIM_PASSWORD: 'of-concertim',
  JWT_SECRET: '0123456789abcdef',
};

/** A machine that the playbook sets up, as folders below a temporary root. */
function machine(method: 'systemd' | 'containers', source = checkout) {
  const place = mkdtempSync(join(folder, `${method}-`));
  const root = join(place, 'root');
  mkdirSync(join(root, 'etc'), { recursive: true });
  const values = {
    concertim_method: method,
    concertim_root: root,
    concertim_source: source,
    concertim_config: config,
    concertim_secrets: secrets,
  };
  const etc = (name: string) => join(root, 'etc/concertim-openstack-service', name);
  return { place, root, values, etc };
}

/** A copy of the checkout as a host would have it, built, with the packages of this checkout. */
async function copyOfCheckout(): Promise<string> {
  const copy = join(folder, 'sources');
  const without = [
    '.git',
    'dist',
    'release',
    'artefacts',
    '.installing',
    'pages/built',
    'node_modules/.cache',
  ];
  const script = `mkdir ${copy} && tar -C ${checkout} ${without.map((name) => `--exclude=./${name}`).join(' ')} \
    --exclude=./node_modules -cf - . | tar -C ${copy} -xf - && cp -al ${checkout}/node_modules ${copy}/ && rm -rf ${copy}/node_modules/.cache`;
  for (const command of [
    ['sh', '-c', script],
    ['env', '-C', copy, process.execPath, 'scripts/build.ts', '--noCheck'],
  ]) {
    const [program = '', ...args] = command;
    const { code, output } = await run(program, args);
    expect(code, output).toBe(0);
  }
  return copy;
}

test.skipIf(why !== undefined)(
  `units: a check changes nothing, the first play installs, the second changes nothing, a new value changes its file${note(why)}`,
  async () => {
    const { place, root, values, etc } = machine('systemd', await copyOfCheckout());

    const checked = await play(place, values, '--check');
    const isUntouched = !existsSync(join(root, 'opt'));
    const first = await play(place, values);
    const second = await play(place, values);
    const before = readFileSync(etc('config.yaml'), 'utf8');
    const third = await play(place, {
      ...values,
      concertim_config: { ...config, updates: { interval: 60 } },
    });

    expect(checked.output).toContain('changed');
    expect(isUntouched).toBe(true);
    expect(first, first.output).toMatchObject({ code: 0, failed: 0 });
    expect(first.changed).toBeGreaterThan(2);
    expect(second, second.output).toMatchObject({ code: 0, changed: 0, failed: 0 });
    expect(third, third.output).toMatchObject({ code: 0, changed: 1, failed: 0 });
    expect(unitFiles.filter((unit) => !existsSync(join(root, 'etc/systemd/system', unit)))).toEqual([]);
    expect(parse(before)).toEqual(config);
    expect(parse(readFileSync(etc('config.yaml'), 'utf8'))).toMatchObject({ updates: { interval: 60 } });
    expect([first, second, third].map(({ output }) => output).join()).not.toContain('of-concertim');
    // Node and systemd read the units' files; this reads them the same way.
    const { code, output } = await run('env', [
      'sh',
      '-c',
      `${process.execPath} --env-file=${etc('environment')} ${join(root, 'opt/concertim-openstack-service/bin/concertim-openstack-service')} check-config -c ${etc('config.yaml')}`,
    ]);
    expect(code, output).toBe(0);
    expect(output).not.toContain('of-concertim');
  },
);

test.skipIf(whyNo !== undefined)(
  `containers: the files of compose name the images of this checkout, and are written once${note(whyNo)}`,
  async () => {
    const { place, root, values, etc } = machine('containers');

    const first = await play(place, values);
    const second = await play(place, values);
    const { openstack, concertim } = config;
    const several = { clouds: [{ name: 'north', openstack }], concertim };
    const checked = await play(place, { ...values, concertim_config: several }, '--check');
    const without = await play(place, { ...values, concertim_config: { concertim } }, '--check');

    expect(first, first.output).toMatchObject({ code: 0, failed: 0 });
    expect(second, second.output).toMatchObject({ code: 0, changed: 0, failed: 0 });
    expect(checked, checked.output).toMatchObject({ code: 0, changed: 1, failed: 0 });
    expect(without.output).toContain('openstack (or a list clouds)');
    const ours = parse(readFileSync(join(checkout, 'docker-compose.yaml'), 'utf8'), { merge: true }) as {
      services: Record<string, Record<string, unknown>>;
    };
    const written = parse(readFileSync(etc('docker-compose.yaml'), 'utf8')) as typeof ours;
    expect(Object.keys(written.services).sort()).toEqual(Object.keys(ours.services).sort());
    for (const [name, { environment: _, volumes, build, ...service }] of Object.entries(ours.services)) {
      expect(written.services[name]).toEqual({
        ...service,
        build: { ...(build as object), context: checkout },
        env_file: [etc('environment')],
        volumes: (volumes as string[]).map((volume) => `${root}${volume}`),
      });
    }
    // Only root and the user of the images can read these files.
    for (const name of ['config.yaml', 'environment']) {
      const { mode, gid } = statSync(etc(name));
      expect({ name, mode: mode & 0o777, gid }).toEqual({ name, mode: 0o640, gid: 10_001 });
    }
    chmodSync(etc('config.yaml'), 0o644);
    const env = Object.fromEntries(Object.entries(secrets));
    expect(loadConfig({ file: etc('config.yaml'), env }).notices).toEqual([]);
  },
);

test.skipIf(whyNo !== undefined).each([
  ['a component that is none', { concertim_components: ['billing'] }],
  ['a method that is none', { concertim_method: 'snap' }],
  ['no portal', { concertim_config: { openstack: {} } }],
  ['a secret that cannot be written', { concertim_secrets: { JWT_SECRET: "a'b" } }],
])(`with %s the play stops before anything is changed${note(whyNo)}`, async (_, wrong) => {
  const { place, root, values } = machine('containers');

  const { code, output, changed } = await play(place, { ...values, ...wrong });

  expect(code).not.toBe(0);
  expect(changed).toBe(0);
  expect(output).toContain('Give concertim_method');
  expect(existsSync(join(root, 'etc/concertim-openstack-service'))).toBe(false);
});
