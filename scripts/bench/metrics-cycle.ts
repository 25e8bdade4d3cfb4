/**
 * How long a cycle of 2,000 instances takes, 10,000 values sent: `node scripts/bench/metrics-cycle.ts [latency ms]`. The first
 * cycle gets to know everything; the others are as they are all day. The sandbox at the other end shares the machine.
 */
import { fork } from 'node:child_process';
import { MetricReporting } from '../../src/concertim/metric-reporting.ts';
import { Session as PortalSession } from '../../src/concertim/session.ts';
import { MetricPump } from '../../src/metrics/metric-pump.ts';
import { Traffic } from '../../src/observability/traffic.ts';
import { Session as CloudSession } from '../../src/openstack/session.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { Secret } from '../../src/runtime/secret.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';

const cycles = 4;
const betweenMs = 11_000;

const child = fork(new URL('metrics-sandbox.ts', import.meta.url), process.argv.slice(2));
const { openstack, concertim } = await new Promise<Sandbox['config']>((resolve) =>
  child.once('message', resolve),
);

const traffic = new Traffic();
const onExchange = ({ service }: { service: string }) => traffic.count(service);
const domain = { name: 'Default' };
const cloud = new CloudSession({
  credentials: {
    kind: 'password',
    authUrl: openstack.auth_url,
    user: { name: openstack.username, domain },
    password: new Secret(openstack.password),
    project: { name: openstack.project_name, domain },
  },
  onExchange,
});
const portal = new PortalSession({
  url: concertim.concertim_url,
  login: concertim.concertim_username,
  password: new Secret(concertim.concertim_password),
  onExchange,
});
const reporting = new MetricReporting({ url: concertim.concertim_url, session: portal, onExchange });
const pump = new MetricPump({
  cloud,
  portal,
  reporting,
  intervalMs: 15_000,
  ttlMs: 180_000,
  cpuPerVcpu: true,
  traffic,
  clock: systemClock,
});

for (let cycle = 0; cycle < cycles; cycle++) {
  const startedAt = performance.now();
  const cpuBefore = process.cpuUsage();
  const { ms, delivery, requests, failures } = await pump.runCycle(systemClock.now() + 120_000);
  const { user, system } = process.cpuUsage(cpuBefore);
  const phases = Object.entries(ms).map(([phase, time]) => `${phase} ${Math.round(time)}`);
  console.log(
    `cycle ${cycle + 1}: ${Math.round(performance.now() - startedAt)} ms (${phases.join(', ')}), our CPU ${Math.round((user + system) / 1000)} ms; ` +
      `sent ${delivery.sent}, Gnocchi ${requests['Gnocchi']} requests, ${failures.length} failures`,
  );
  // A new sample of each metric is there after ten seconds.
  if (cycle < cycles - 1) await systemClock.sleep(betweenMs);
}
await Promise.all([cloud.close(), portal.close(), reporting.close()]);
child.kill();
