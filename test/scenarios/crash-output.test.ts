/** What a process says when it ends by something that nobody has caught: all of it but the secrets. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { plantCanaries } from '../support/canaries.ts';

const bin = fileURLToPath(new URL('../../bin/concertim-openstack-service', import.meta.url));

/** Loaded before the service: after the first sign-in to Keystone an error that has the request and its answer is thrown by nobody's child. */
const saboteur = `
import { subscribe } from 'node:diagnostics_channel';
import { readFileSync } from 'node:fs';
const answers = new WeakMap();
subscribe('undici:request:headers', ({ request, response }) => {
  if (!request.path.endsWith('/auth/tokens')) return;
  const error = new Error('no reader for https://concertim:' + process.env.OS_PASSWORD + '@keystone/');
  Object.assign(error, { request, headers: response.headers.map(String), config: readFileSync(process.env.CONFIG, 'utf8'), password: process.env.OS_PASSWORD });
  error.cause = Object.assign(new Error('cause'), { authorization: process.env.OS_PASSWORD, body: request.body });
  if (process.env.REJECTS) Promise.reject(error);
  else setTimeout(() => { throw error; });
});
`;

test.each(['throws', 'rejects'])(
  'an unhandled error that %s is printed without a secret, and ends the process',
  async (how) => {
    await using sandbox = await startSandbox({ projects: 1, stacks: 1, servers: 1, pace: 0 });
    const { canaries, config } = plantCanaries(sandbox);
    const folder = mkdtempSync(join(tmpdir(), 'crash-'));
    const file = join(folder, 'config.yaml');
    writeFileSync(file, stringify(config));
    writeFileSync(join(folder, 'saboteur.mjs'), saboteur);
    const flags = [
      '--import',
      join(folder, 'saboteur.mjs'),
      '--report-uncaught-exception',
      `--report-directory=${folder}`,
    ];
    const environment = {
      OS_PASSWORD: config.openstack.password,
      CONFIG: file,
      ...(how === 'rejects' && { REJECTS: '1' }),
    };

    const ended = await new Promise<{ code: unknown; printed: string }>((resolve) => {
      execFile(
        process.execPath,
        [...flags, bin, 'run', 'updates_bulk', '--config', file],
        { env: { ...process.env, ...environment } },
        (error, stdout, stderr) => resolve({ code: error?.code, printed: stdout + stderr }),
      );
    });

    const reports = readdirSync(folder).filter((name) => name.startsWith('report'));
    const texts = [ended.printed, ...reports.map((name) => readFileSync(join(folder, name), 'utf8'))];
    rmSync(folder, { recursive: true });
    expect(ended.code).toBe(1);
    expect(ended.printed).toContain('"msg":"unhandled error (bug)"');
    expect(ended.printed).toContain('no reader for');
    expect(canaries.foundIn(texts)).toEqual([]);
  },
);
