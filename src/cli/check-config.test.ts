import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { loadConfigWithSettings } from '../config/load.ts';
import { describeConfig } from './check-config.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'concertim-check-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const parse = (shown: string): unknown => parseYaml(shown, { schema: 'failsafe' });

function describe(text: string): string {
  const file = join(folder, 'config.yaml');
  writeFileSync(file, text);
  return describeConfig(loadConfigWithSettings({ file, env: {} })).replaceAll(`${folder}/`, '');
}

const text = `log_level: DEBUG
openstack:
  auth_url: http://controller:5000/v3/
  username: "0123"
  user_domain_name: Default
  password: CANARY
  project_id: p1
concertim:
  concertim_url: https://concertim.example.com
  concertim_username: admin
  concertim_password_file: portal-password
  default_rack_height: 20
`;

test('each value in effect is shown with where it comes from', () => {
  writeFileSync(join(folder, 'portal-password'), 'CANARY\n');

  const shown = describe(text);

  expect(shown).toContain('# The configuration in effect, from config.yaml\n');
  expect(shown).toContain('\n  auth_url: http://controller:5000/v3/ # config.yaml:3:3\n');
  expect(shown).toContain('\n  username: 0123 # config.yaml:4:3\n');
  expect(shown).toContain('\n  concertim_password: "[hidden]" # portal-password\n');
  expect(shown).toContain('\n  interval: 150 # default\n');
  expect(parse(shown)).toMatchObject({
    openstack: { password: '[hidden]', project_id: 'p1' },
    concertim: { default_rack_height: '20' },
  });
});

test('no secret is shown', () => {
  writeFileSync(join(folder, 'portal-password'), 'CANARY\n');

  expect(describe(text)).not.toContain('CANARY');
});

test('the defaults of a broker that is not configured are left out; those of one that is are shown', () => {
  writeFileSync(join(folder, 'portal-password'), 'CANARY\n');

  expect(parse(describe(text))).not.toHaveProperty('rmq');
  expect(parse(describe(`${text}rmq:\n  rmq_address: [a, b]\n  rmq_password: CANARY\n`))).toMatchObject({
    rmq: { rmq_address: ['a', 'b'], rmq_username: 'openstack', rmq_password: '[hidden]' },
  });
});

test('each of several clouds is shown as it is written, its broker only where it has one', () => {
  const cloud = (name: string) =>
    `  - name: ${name}\n    openstack: { auth_url: "http://${name}:5000", user_id: u, password: CANARY, project_id: p }\n`;
  const clouds = `clouds:\n${cloud('north')}${cloud('south')}    rmq: { rmq_address: broker, rmq_password: CANARY }\n`;
  const portal = text.slice(text.indexOf('concertim:'));
  writeFileSync(join(folder, 'portal-password'), 'CANARY\n');

  const shown = describe(clouds + portal);

  expect(shown).toContain('    openstack:\n      auth_url: http://north:5000 # config.yaml:3:18\n');
  expect(shown).not.toContain('CANARY');
  expect(parse(shown)).toMatchObject({
    clouds: [
      {
        name: 'north',
        openstack: { auth_url: 'http://north:5000', password: '[hidden]', interface: 'public' },
      },
      { name: 'south', rmq: { rmq_address: 'broker', rmq_password: '[hidden]', rmq_username: 'openstack' } },
    ],
  });
  expect(parse(shown)).not.toHaveProperty('openstack');
  expect(parse(shown)).not.toHaveProperty('clouds[0].rmq');
});
