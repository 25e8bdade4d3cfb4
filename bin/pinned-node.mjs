import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of package.json. */
export const root = resolve(fileURLToPath(import.meta.url), '../..');

/** The Node that `npm ci` installs, whatever the machine has. */
export const pinnedNode = join(root, 'node_modules/.bin/node');

/** Runs a file under the pinned Node as if it were this process: same terminal, same signals, same exit code. */
export function runUnderPinnedNode(file, args) {
  const child = spawn(pinnedNode, [file, ...args], { stdio: 'inherit' });
  // What is sent to this process alone is passed on; of what reaches the whole group, as Ctrl-C does, the child takes the second
  // for the same (src/cli/stop-signal.ts). Either way the child decides when to end.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => fail(`${pinnedNode} could not be started (${error.message}).`));
  child.on('exit', (code, signal) => {
    process.exitCode = signal ? 1 : (code ?? 1);
  });
}

/** Says why, and ends with exit code 1. */
export function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}
