import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** The command line, as npm installs it. */
export const bin = fileURLToPath(new URL('../../bin/concertim-openstack-service', import.meta.url));

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A process of the command line as an operator starts it. */
export interface Command {
  readonly pid: number;
  /** Resolves when standard output has shown the text. @returns the first line with it */
  saw(text: string): Promise<string>;
  /** Its standard output so far. */
  printed(): string;
  kill(signal: NodeJS.Signals): void;
  readonly finished: Promise<Finished>;
}

/** What a test that failed has left behind ends with its process. */
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export function command(...args: string[]): Command {
  return startCommand(args);
}

/** The same of another version. */
export function commandOf(path: string, ...args: string[]): Command {
  return startCommand(args, { path });
}

/**
 * @param where.path of another version
 * @param where.enter a command that starts it, such as one that enters a network namespace
 * @param where.env beside the variables of this process
 * @param where.onLine called with each line of its standard output as it comes
 */
export function startCommand(
  args: readonly string[],
  where: {
    readonly path?: string;
    readonly enter?: readonly string[];
    readonly env?: NodeJS.ProcessEnv;
    readonly onLine?: (line: string) => void;
  } = {},
): Command {
  const { path = bin, enter = [], env, onLine } = where;
  const [program = process.execPath, ...rest] = [...enter, process.execPath, path, ...args];
  const child = spawn(program, rest, {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(env && { env: { ...process.env, ...env } }),
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  if (onLine) createInterface({ input: child.stdout }).on('line', onLine);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    child.emit('shown');
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const finished = once(child, 'close').then(([code]) => ({ code: code as number | null, stdout, stderr }));
  return {
    pid: child.pid ?? 0,
    finished,
    printed: () => stdout,
    kill: (signal) => void child.kill(signal),
    async saw(text) {
      while (!stdout.includes(text)) {
        const ended = await Promise.race([once(child, 'shown').then(() => false), finished.then(() => true)]);
        if (ended && !stdout.includes(text))
          throw new Error(`it ended without showing "${text}": ${stdout}${stderr}`);
      }
      return stdout.split('\n').find((line) => line.includes(text)) ?? '';
    },
  };
}
