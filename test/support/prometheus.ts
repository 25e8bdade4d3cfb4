import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { systemClock } from '../../src/runtime/clock.ts';
import { freePort } from '../../src/sandbox/free-port.ts';

/** Debian's package is taken apart here: it needs nothing else, and installed it would start a server of its own. */
const unpacked = fileURLToPath(new URL('../../node_modules/.cache/prometheus/', import.meta.url));
const startTimeoutMs = 15_000;

/** Of https://prometheus.io: the server, and `promtool`, which tests rules. */
export function prometheusProgram(name: 'prometheus' | 'promtool'): string {
  const installed = join('/usr/bin', name);
  return existsSync(installed) ? installed : join(unpacked, installed);
}

/** Why there is no Prometheus to be had; undefined when there is one. Gets Debian's when it may. */
export function whyNoPrometheus(): string | undefined {
  if (existsSync(prometheusProgram('promtool'))) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'prometheus-package-'));
  try {
    const options = { cwd: folder, stdio: 'ignore' } as const;
    // Which versions there are, root's alone to ask; a list from before may do.
    if (process.getuid?.() === 0) execFileSync('apt-get', ['update', '-qq'], options);
    execFileSync('apt-get', ['download', 'prometheus'], options);
    mkdirSync(unpacked, { recursive: true });
    execFileSync('dpkg-deb', ['--extract', ...readdirSync(folder), unpacked], options);
    return undefined;
  } catch {
    return 'prometheus is not installed, and apt-get could not get it';
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A Prometheus of our own, on loopback. */
export interface TestPrometheus extends AsyncDisposable {
  /** What an expression gives now: labels and value of each series. */
  query(expr: string): Promise<readonly { metric: Record<string, string>; value: string }[]>;
}

/** Starts one that scrapes `targets` (host:port) once a second and watches by `rules`, paths of files. */
export async function startPrometheus({
  targets,
  rules,
}: {
  targets: readonly string[];
  rules: readonly string[];
}): Promise<TestPrometheus> {
  const folder = mkdtempSync(join(tmpdir(), 'prometheus-'));
  const file = join(folder, 'prometheus.yml');
  writeFileSync(
    file,
    stringify({
      // On a busy machine a scrape may take a while, and one that is given up looks like a service that is away.
      global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
      rule_files: rules,
      scrape_configs: [{ job_name: 'service', static_configs: [{ targets }] }],
    }),
  );
  const address = `127.0.0.1:${await freePort()}`;
  const server = spawn(
    prometheusProgram('prometheus'),
    [
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=${address}`,
      '--log.level=error',
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  await isReady(address, server);
  return {
    async query(expr) {
      const response = await fetch(`http://${address}/api/v1/query`, {
        method: 'POST',
        body: new URLSearchParams({ query: expr }),
      });
      const answer = (await response.json()) as Answer;
      if (answer.status !== 'success') throw new Error(`${expr}: ${answer.error}`);
      return answer.data.result.map(({ metric, value: [, value] }) => ({ metric, value }));
    },
    async [Symbol.asyncDispose]() {
      const gone = once(server, 'exit');
      server.kill('SIGKILL');
      await gone;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

type Answer =
  | { status: 'error'; error: string }
  | {
      status: 'success';
      data: { result: readonly { metric: Record<string, string>; value: [number, string] }[] };
    };

async function isReady(address: string, server: ChildProcess): Promise<void> {
  const until = performance.now() + startTimeoutMs;
  for (;;) {
    const ready = await fetch(`http://${address}/-/ready`).catch(() => undefined);
    if (ready?.ok) return;
    if (server.exitCode !== null || performance.now() > until) {
      server.kill('SIGKILL');
      throw new Error(`Prometheus does not start on ${address}: its words are above.`);
    }
    await systemClock.sleep(50);
  }
}
