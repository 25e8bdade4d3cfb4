import { EventEmitter, once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { ComponentName } from '../../src/components.ts';
import { loadConfig } from '../../src/config/load.ts';
import { createLogger } from '../../src/observability/logger.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { Service } from '../../src/service.ts';

/** A service that is looked at from outside, gone at the end of the block (`await using`). */
export interface Observed extends AsyncDisposable {
  /** Of its servers: of metrics, and of the API where it runs. */
  readonly urls: readonly string[];
  ask(path: string, method?: string): Promise<Response | undefined>;
  /** The first scrape that has the text in it. */
  saw(text: string): Promise<string>;
}

/**
 * A service that runs on a sandbox, its own metrics and its API on any free port.
 *
 * @param more sections of its configuration
 */
export async function startObserved(
  sandbox: Sandbox,
  components: readonly ComponentName[],
  more: Readonly<Record<string, unknown>> = {},
): Promise<Observed> {
  const folder = mkdtempSync(join(tmpdir(), 'observed-'));
  const file = join(folder, 'config.yaml');
  const listens = components.includes('updates_mq');
  writeFileSync(
    file,
    stringify({
      ...systemsOf(sandbox, listens && { rmq_address: '127.0.0.1', rmq_port: 1, rmq_password: 'secret' }),
      updates: { interval: 1 },
      metrics: { interval: 1 },
      ...more,
    }),
  );
  const config = loadConfig({ file, env: {} });
  const urls: string[] = [];
  const found = new EventEmitter();
  const log = createLogger({
    level: 'info',
    format: 'json',
    output: {
      write: (line) => {
        const { url } = JSON.parse(line) as { url?: string };
        if (url) found.emit('url', urls.push(url));
      },
    },
  });
  const service = new Service({
    config: {
      ...config,
      api: { ...config.api, host: '127.0.0.1', port: 0 },
      observability: { ...config.observability, port: 0 },
    },
    components,
    log,
  });
  const stop = new AbortController();
  const running = service.run(stop.signal);
  while (urls.length < (components.includes('api') ? 2 : 1)) await once(found, 'url');
  // A connection that is kept would be closed while a run of a large cloud keeps this process busy.
  /** Of whoever knows the path: the API or the server of metrics. */
  const ask = async (path: string, method = 'GET') => {
    const answers = await Promise.all(
      urls.map((url) => fetch(url + path, { method, headers: { connection: 'close' } })),
    );
    return answers.find(({ status }) => status !== 404) ?? answers[0];
  };
  return {
    urls,
    ask,
    async saw(text) {
      for (;;) {
        const scrape = (await (await ask('/metrics'))?.text()) ?? '';
        if (scrape.includes(text)) return scrape;
      }
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
      await service[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function systemsOf({ clouds, config }: Sandbox, rmq: object | false): Record<string, unknown> {
  const broker = rmq && { rmq };
  if (clouds.length === 1) return { ...config, ...broker };
  const all = clouds.map(({ name, config: cloud }) => ({ name, ...cloud, ...broker }));
  return { concertim: config.concertim, clouds: all };
}
