import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { type ComponentName, componentNames } from '../../src/components.ts';
import { loadConfig } from '../../src/config/load.ts';
import { createLogger } from '../../src/observability/logger.ts';
import { InMemoryNotifications } from '../../src/sandbox/notifications.ts';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/sandbox.ts';
import { Service } from '../../src/service.ts';

export interface WatchedOptions extends SandboxOptions {
  /** What config.yaml says beside the sandbox's own addresses. */
  readonly config?: Readonly<Record<string, object>>;
  readonly components?: readonly ComponentName[];
}

/** A sandbox with the whole service on it in real time, as `npm start` has it: for whoever looks at the pages. */
export interface WatchedSandbox extends AsyncDisposable {
  readonly sandbox: Sandbox;
  /** Of the component api. */
  readonly apiUrl: string;
}

export async function startWatchedSandbox(options: WatchedOptions = {}): Promise<WatchedSandbox> {
  const { config: more = {}, components = componentNames, ...rest } = options;
  // What the pages show of one portal, they show of each: names and ids are as these tests know them.
  const sandbox = await startSandbox({ release: '2023-08', ...rest });
  const folder = mkdtempSync(join(tmpdir(), 'watched-'));
  const file = join(folder, 'config.yaml');
  writeFileSync(file, stringify({ ...sandbox.configOfAll(), ...more }));
  const config = loadConfig({ file, env: {} });
  const listening = Promise.withResolvers<string>();
  const log = createLogger({
    level: 'info',
    format: 'json',
    output: {
      write: (line) => {
        const { url, component } = JSON.parse(line) as { url?: string; component?: string };
        if (url && component === 'api') listening.resolve(url);
      },
    },
  });
  const filled = Promise.withResolvers<void>();
  const service = new Service({
    onReport: () => filled.resolve(),
    configFile: file,
    config: { ...config, api: { ...config.api, host: '127.0.0.1', port: 0 } },
    components,
    isStatusPageOpen: true,
    notifications: new InMemoryNotifications(...sandbox.clouds.map(({ cloud }) => cloud)),
    log,
  });
  const stop = new AbortController();
  const running = service.run(stop.signal);
  running.catch(listening.reject);
  // By the first full run.
  await filled.promise;
  const apiUrl = await listening.promise;
  sandbox.portal.companionUrl = apiUrl;
  return {
    sandbox,
    apiUrl,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
      await service[Symbol.asyncDispose]();
      await sandbox.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
