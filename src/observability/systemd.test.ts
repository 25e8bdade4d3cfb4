import { expect, test } from 'vitest';
import { createLogger } from './logger.ts';
import { describeHealth } from './sign.ts';
import { Systemd } from './systemd.ts';

test.each([
  ['a zero byte', 'STATUS=\u0000'],
  ['more than an argument may have', `STATUS=${'x'.repeat(4 * 1024 * 1024)}`],
])('systemd cannot be told %s: that is logged once, and ends nothing', async (_, assignment) => {
  const logged: string[] = [];
  const log = createLogger({ level: 'info', format: 'json', output: { write: (line) => logged.push(line) } });
  const systemd = new Systemd({ socket: '/nonexistent/notify', watchdogMs: undefined }, log);

  await systemd.notify(assignment);
  await systemd.notify(assignment);

  expect(logged).toHaveLength(1);
  expect(logged[0]).toContain('sd_notify failed');
});

test.each([
  ['failing: the portal said \u0000\u001b[2J', 'api failing: the portal said \\u{0}\\u{1b}[2J'],
  ['one line\nMAINPID=1', 'api one line MAINPID=1'],
  ['x'.repeat(501), `api ${'x'.repeat(500)}…`],
])('what a component says of itself is one line that systemd takes', (status, line) => {
  expect(describeHealth({ component: 'api', status })).toBe(line);
});
