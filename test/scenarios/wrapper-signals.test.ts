import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { bin } from '../support/command.ts';

/* A checkout's command under a Node that is too old runs as the child of a wrapper: signals reach it through that. */

const wrapper = new URL('../../bin/pinned-node.mjs', import.meta.url).href;
const start = `import { runUnderPinnedNode } from ${JSON.stringify(wrapper)};
  runUnderPinnedNode(${JSON.stringify(bin)}, ['sandbox', '--still', '--projects', '1', '--stacks', '1', '--log-format', 'json']);`;

test.each([
  ['SIGINT to the wrapper alone reaches the child', 'SIGINT', 1],
  ['SIGTERM to the group, which the child gets twice, is one request to stop', 'SIGTERM', -1],
] as const)('%s: exit 0', async (_, signal, whom) => {
  const child = spawn(process.execPath, ['--input-type=module', '-e', start], {
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const pid = child.pid ?? 0;
  const ended = once(child, 'close');
  try {
    let printed = '';
    for await (const text of child.stdout.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
      printed += text;
      if (/^ *portal +http/m.test(printed)) break;
    }
    child.stdout.resume();

    process.kill(whom * pid, signal);
    const [code] = await ended;

    expect(printed).toMatch(/portal +http/);
    expect(code).toBe(0);
  } finally {
    // Nothing of the group is left by now, unless the test failed.
    if (child.exitCode === null) process.kill(-pid, 'SIGKILL');
  }
});
