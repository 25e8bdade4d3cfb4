import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { withOldSpelling } from '../../src/cli/command-line.ts';
import { componentsNamed } from '../../src/cli/component-names.ts';
import type { Config } from '../../src/config/config.ts';
import { loadConfig } from '../../src/config/load.ts';
import { freshConfig, mounts, releases } from './releases.ts';

const checkout = resolve(import.meta.dirname, '../..');
const withRabbitMq = { clouds: [{ rmq: {} }] } as unknown as Config;
const containers = releases.flatMap(({ playbook, containers }) =>
  containers.map((container) => ({ playbook, ...container })),
);

function read(path: string): string {
  return readFileSync(join(checkout, path), 'utf8');
}

/** The components that a name stands for, among them the names of 2024. */
function meaning(name: string) {
  return componentsNamed([name], withRabbitMq).map(({ component }) => component);
}

test.each(containers)('$playbook builds $image, which starts what its command means', (of) => {
  const dockerfile = read(`Dockerfiles/Dockerfile.${of.dockerfile}`);
  const [, component = ''] = /^ENV .*\bCOMPONENT=(\w+)/m.exec(dockerfile) ?? [];

  const [run, asked = '', ...rest] = withOldSpelling(of.command.split(' '));

  expect(component).toBe(of.dockerfile);
  expect([run, ...rest]).toEqual(['run']);
  expect(meaning(component)).toEqual(meaning(asked));
});

test.each(releases)('what $playbook starts does all that is to be done', ({ containers }) => {
  const done = containers.flatMap(({ dockerfile }) => meaning(dockerfile));

  expect([...new Set(done)].filter((name) => name !== 'billing').sort()).toEqual(
    [...componentsNamed(['all'], withRabbitMq)].map(({ component }) => component).sort(),
  );
});

test.each(containers)('$playbook mounts what the image of $dockerfile reads and writes', ({ dockerfile }) => {
  const text = read(`Dockerfiles/Dockerfile.${dockerfile}`);
  const [config, ...folders] = Object.keys(mounts).map((path) => path.replace(/\/$/, ''));

  expect(JSON.parse(/^VOLUME (.*)$/m.exec(text)?.[1] ?? '')).toEqual(folders);
  expect(text).toContain(`LOGS_DIRECTORY=${folders[0]} STATE_DIRECTORY=${folders[1]}`);
  expect(read('src/config/load.ts')).toContain(`'${config}'`);
  // Root-owned folders and no user: the image begins as root.
  expect(text).not.toMatch(/^USER /m);
});

test('what the images are made of is in the build context that the playbook gives', () => {
  const ignored = read('.dockerignore').split('\n');
  const copied = [...read('Dockerfiles/Dockerfile').matchAll(/^COPY (?!--from)(.*) \S+$/gm)]
    .flatMap(([, paths = '']) => paths.split(' '))
    .filter((path) => path !== '.');

  expect(copied.length).toBeGreaterThan(4);
  expect(copied.filter((path) => !ignored.includes(`!${path}`))).toEqual([]);
});

test.each([
  ['nobody is billed', 'none', undefined],
  ['KillBill is named', 'killbill', expect.objectContaining({ url: 'http://killbill:48080' })],
])(
  'the sample that the playbook copies and writes its addresses into is complete: %s',
  (_, platform, killBill) => {
    const folder = mkdtempSync(join(tmpdir(), 'playbook-'));
    const file = join(folder, 'config.yaml');
    writeFileSync(file, freshConfig().replace('platform: "none"', `platform: "${platform}"`));

    const { concertim, billing, notices } = loadConfig({ file, env: {} });
    rmSync(folder, { recursive: true });

    expect(notices).toEqual([]);
    expect(concertim).toMatchObject({ url: 'https://proxy:7443', tls: { insecure: true } });
    expect(concertim.password.reveal()).toBe('admin');
    expect(billing.killBill).toEqual(killBill);
  },
);
