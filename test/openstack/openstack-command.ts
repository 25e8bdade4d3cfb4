import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

/**
 * What the `openstack` command answers to each of these lines, as JSON. One process does them all: its start and its
 * login take seconds.
 */
export async function openstackCommands(lines: readonly string[]): Promise<unknown[]> {
  const child = spawn('openstack', { stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.end(lines.map((line) => `${line} -f json\n`).join(''));
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  const answers = documents(stdout);
  if (answers.length !== lines.length) {
    throw new Error(`openstack answered ${answers.length} of ${lines.length} commands: ${stderr || stdout}`);
  }
  return answers;
}

/** JSON documents one after the other, each ending with a bracket at the beginning of a line. */
function documents(output: string): unknown[] {
  return output
    .split(/(?<=^(?:[\]}]|\[\]|\{\}))\n/m)
    .filter((part) => part.trim() !== '')
    .map((part) => JSON.parse(part));
}
