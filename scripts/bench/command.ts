import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../command.ts';
import { serviceEnv } from '../service-env.ts';
import type { Stage } from './stage.ts';
import type { Usage } from './usage.ts';

const commandLine = join(root, 'bin/concertim-openstack-service');
const atExit = new URL('usage-at-exit.ts', import.meta.url).href;

/** Starts the command line as a person does, or another one at `file`. Ms since 1970 of that moment with it. */
export function startCommand(
  args: readonly string[],
  env: Record<string, string> = {},
  file = commandLine,
): { process: ChildProcess; startedAt: number } {
  const startedAt = performance.timeOrigin + performance.now();
  const started = spawn(
    process.execPath,
    [...(env['BENCH_USAGE'] ? ['--import', atExit] : []), file, ...args],
    {
      env: { ...process.env, ...serviceEnv, ...env },
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
  return { process: started, startedAt };
}

/** Runs the command line of a checkout from its start to its end, or another one at `command`. */
export async function runCommand(
  stage: Stage,
  args: readonly string[],
  command?: string,
): Promise<Usage & { seconds: number }> {
  const file = join(stage.folder, 'usage.json');
  const began = performance.now();
  const { process } = startCommand([...args, '-c', stage.config], { BENCH_USAGE: file }, command);
  const code = await ended(process);
  const seconds = (performance.now() - began) / 1000;
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}.`);
  return { seconds, ...(JSON.parse(readFileSync(file, 'utf8')) as Usage) };
}

/** Its exit code. */
export function ended(process: ChildProcess): Promise<number | null> {
  if (process.exitCode !== null) return Promise.resolve(process.exitCode);
  return new Promise((resolve) => process.once('exit', resolve));
}
