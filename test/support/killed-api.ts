import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { freePort } from '../../src/sandbox/free-port.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { type Command, command } from './command.ts';

/** The component api in a process of its own, which is killed and started again. */
export interface KilledApi extends AsyncDisposable {
  /** As the kernel does when memory is short: nothing can be finished. */
  readonly kill: () => Promise<void>;
  /** Resolves when one serves again. */
  readonly start: () => Promise<void>;
}

/** @param isSigned whether the portal sends tokens */
export async function startKilledApi(sandbox: Sandbox, isSigned: boolean): Promise<KilledApi> {
  const folder = mkdtempSync(join(tmpdir(), 'killed-api-'));
  const file = join(folder, 'config.yaml');
  const port = await freePort(2);
  const jwt = isSigned ? { jwt: 'required', jwt_secret: sandbox.portal.secret } : { jwt: 'off' };
  const settings = {
    ...sandbox.config,
    data_dir: folder,
    api: { host: '127.0.0.1', port, ...jwt },
    observability: { port: port + 1 },
  };
  writeFileSync(file, stringify(settings), { mode: 0o600 });
  sandbox.portal.companionUrl = `http://127.0.0.1:${port}`;
  let running: Command | undefined;
  const kill = async () => {
    const process = running;
    running = undefined;
    process?.kill('SIGKILL');
    await process?.finished;
  };
  const start = async () => {
    running ??= command('run', 'api', '--config', file);
    await running.saw('"msg":"listening"');
  };
  await start();
  return {
    kill,
    start,
    async [Symbol.asyncDispose]() {
      await kill();
      rmSync(folder, { recursive: true });
    },
  };
}
