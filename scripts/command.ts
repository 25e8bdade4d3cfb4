import { spawn } from 'node:child_process';
import { delimiter, resolve } from 'node:path';

/** The folder of package.json. */
export const root = resolve(import.meta.dirname, '..');

/** Programs see a pipe and would drop their colours; they are found although npm did not start this. */
const environment = {
  ...process.env,
  ...(process.stdout.isTTY ? { FORCE_COLOR: '1' } : {}),
  PATH: [resolve(root, 'node_modules/.bin'), process.env['PATH']].join(delimiter),
};

/** Runs a program of node_modules/.bin or of the system, and gives its exit code and all that it printed. */
export async function run(
  command: string,
  args: readonly string[],
): Promise<{ code: number; output: string }> {
  const child = spawn(command, args, { cwd: root, env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const code = await new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
  return { code, output };
}
