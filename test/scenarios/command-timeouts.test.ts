import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { stringify } from 'yaml';
import { commandLine } from '../../src/cli/command-line.ts';
import { command } from '../support/command.ts';

// Ten processes start side by side.
vi.setConfig({ testTimeout: 60_000 });

const folder = mkdtempSync(join(tmpdir(), 'timeouts-'));
const config = join(folder, 'config.yaml');
const open = new Set<Socket>();
let mute: Server;
let url: string;

/** Accepts each connection, reads each request, and answers none. */
beforeAll(async () => {
  mute = createServer((socket) => {
    open.add(socket);
    socket.on('error', () => {}).resume();
  }).listen(0, '127.0.0.1');
  await once(mute, 'listening');
  url = `http://127.0.0.1:${(mute.address() as AddressInfo).port}`;
  const settings = {
    openstack: {
      auth_url: `${url}/v3`,
      username: 'u',
      password: 'p',
      project_name: 'admin',
      user_domain_name: 'Default',
      project_domain_name: 'Default',
    },
    concertim: { concertim_url: url, concertim_username: 'admin', concertim_password: 'p' },
    billing: { platform: 'killbill' },
    killbill: { api_host: url, password: 'p', apikey: 'k', apisecret: 's' },
    data_dir: folder,
  };
  writeFileSync(config, stringify(settings), { mode: 0o600 });
});
afterAll(() => {
  for (const socket of open) socket.destroy();
  mute.close();
  rmSync(folder, { recursive: true });
});

const silent =
  /(Keystone|Concertim|KillBill) accepted a request and has not answered for [1-9] s\.[^]*--timeout SECONDS/;
const commands = [
  { args: ['plan'], code: 1, says: silent },
  { args: ['explain', 'web'], code: 1, says: silent },
  { args: ['metrics', '--instance', '5f2a3c1e-0000-4000-8000-000000000000'], code: 1, says: silent },
  { args: ['allow-deletions'], code: 1, says: silent },
  { args: ['decommission'], code: 1, says: silent },
  { args: ['billing', 'plan'], code: 1, says: silent },
  { args: ['billing', 'explain', 'web'], code: 1, says: silent },
  { args: ['doctor'], code: 2, says: /Keystone did not answer POST \S+ within 1 s/ },
  { args: ['status', '--url'], code: 1, says: /nothing answers at http:/ },
];

test.concurrent.each(commands)(
  '$args: with --timeout 1 gives up on a server that accepts and never answers, and says so',
  async ({ args, code, says }) => {
    const target = args.includes('--url') ? [url] : ['-c', config];

    const { code: ended, stdout, stderr } = await command(...args, ...target, '--timeout', '1').finished;

    expect(stdout + stderr).toMatch(says);
    expect(ended).toBe(code);
  },
);

test('these are all commands that have the option', () => {
  const program = commandLine(() => undefined);
  const all = program.commands.flatMap((each) => (each.commands.length > 0 ? [...each.commands] : [each]));
  const timed = all.filter(({ options }) => options.some(({ long }) => long === '--timeout'));

  expect(new Set(timed.map((each) => each.name()))).toEqual(
    new Set(commands.map(({ args }) => (args[0] === 'billing' ? args[1] : args[0]))),
  );
});
