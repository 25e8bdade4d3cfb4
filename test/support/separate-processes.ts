import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { type ComponentName, componentNames } from '../../src/components.ts';
import { freePort } from '../../src/sandbox/free-port.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';
import { command } from './command.ts';

/** Each component in a process of its own on one machine, as the units of systemd start them. */
export interface SeparateProcesses extends AsyncDisposable {
  readonly sandbox: Sandbox;
  /** Of the component api. */
  readonly apiUrl: string;
  readonly pids: Readonly<Record<ComponentName, number>>;
  /** Ends one. */
  end(name: ComponentName): Promise<void>;
}

/** Opens the status page. */
export const pageToken = 'a-token-for-the-page';

/** All four on a sandbox; its RabbitMQ is not there: `updates_mq` runs, and hears nothing. */
export async function startSeparateProcesses(): Promise<SeparateProcesses> {
  const sandbox = await startSandbox({ projects: 1, stacks: 1, servers: 2, pace: 0 });
  const folder = mkdtempSync(join(tmpdir(), 'separate-'));
  const file = join(folder, 'config.yaml');
  const port = await freePort();
  const settings = {
    log_level: 'info',
    ...sandbox.config,
    data_dir: folder,
    api: { host: '127.0.0.1', port, ui_token: pageToken },
    rmq: { rmq_address: '127.0.0.1', rmq_port: 1, rmq_password: 'none' },
    updates: { interval: 1 },
    metrics: { interval: 1 },
    observability: { port: await freePort(2 * componentNames.length - 1) },
  };
  writeFileSync(file, stringify(settings));
  const running = componentNames.map((name) => [name, command('run', name, '--config', file)] as const);
  const commands = new Map(running);
  await Promise.all(running.map(([, each]) => each.saw('"msg":"serving /metrics"')));
  await Promise.all([
    commands.get('api')?.saw('"msg":"listening"'),
    commands.get('metrics')?.saw('"msg":"started"'),
  ]);
  const end = async (name: ComponentName) => {
    commands.get(name)?.kill('SIGTERM');
    await commands.get(name)?.finished;
  };
  return {
    sandbox,
    apiUrl: `http://127.0.0.1:${port}`,
    pids: Object.fromEntries(running.map(([name, { pid }]) => [name, pid])) as Record<ComponentName, number>,
    end,
    async [Symbol.asyncDispose]() {
      await Promise.all(componentNames.map(end));
      await sandbox.close();
      rmSync(folder, { recursive: true });
    },
  };
}
