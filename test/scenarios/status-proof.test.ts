/** Any program on the machine may listen at a component's address, and answer anything. */
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { askStatuses, statusPlaces } from '../../src/ask-status.ts';
import { componentNames } from '../../src/components.ts';
import { loadConfig } from '../../src/config/load.ts';
import { createLogger } from '../../src/observability/logger.ts';
import { freePort } from '../../src/sandbox/free-port.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';
import { Service } from '../../src/service.ts';
import { listen } from '../support/listen.ts';

let folder: string;
let sandbox: Sandbox;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'proof-'));
  sandbox = await startSandbox({ projects: 1, stacks: 1, servers: 1, pace: 0 });
});
afterEach(async () => {
  await sandbox.close();
  rmSync(folder, { recursive: true });
});

/** A running service that tells its status, and its configuration. */
async function start() {
  const file = join(folder, 'config.yaml');
  const port = await freePort(2 * componentNames.length - 1);
  writeFileSync(file, stringify({ ...sandbox.config, data_dir: folder, observability: { port } }));
  const config = loadConfig({ file, env: {} });
  const { promise: serving, resolve } = Promise.withResolvers<void>();
  const output = { write: (line: string) => line.includes('"serving /metrics"') && resolve() };
  const service = new Service({
    config,
    components: ['updates_bulk'],
    log: createLogger({ level: 'info', format: 'json', output }),
  });
  const stop = new AbortController();
  const running = service.run(stop.signal);
  await serving;
  return {
    config,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
      await service[Symbol.asyncDispose]();
    },
  };
}

test('a process of the service is believed, and its secret is for its user alone', async () => {
  await using service = await start();

  expect(await askStatuses(statusPlaces(service.config))).toMatchObject([{ pid: process.pid }]);
  expect(statSync(join(folder, 'status-proof')).mode & 0o777).toBe(0o600);
});

test('what any other program says is not, be it passed on word for word', async () => {
  await using service = await start();
  const places = statusPlaces(service.config);
  const [real = ''] = places.usual;
  const passOn = async (request: IncomingMessage, response: ServerResponse) => {
    const headers = Object.entries(request.headers).flatMap(([name, value]) =>
      name.startsWith('x-') && typeof value === 'string' ? [[name, value] as const] : [],
    );
    const answer = await fetch(`${real}/status`, { headers: Object.fromEntries(headers) });
    response.writeHead(200, Object.fromEntries(answer.headers)).end(await answer.text());
  };
  await using stranger = await listen((request, response) => void passOn(request, response));

  await expect(askStatuses({ ...places, usual: [stranger.url] })).rejects.toThrow(
    /What it says is not believed/,
  );
  expect(await askStatuses({ usual: [real], standBy: [stranger.url], proof: places.proof })).toHaveLength(1);
});

test('an account that may not read the secret is shown what there is', async () => {
  await using service = await start();
  const places = statusPlaces(service.config);

  expect(await askStatuses({ ...places, proof: undefined })).toHaveLength(1);
});
