/**
 * How fast figures are sent, beside a bare `undici.request` loop against the same receiver at the same concurrency:
 * `node scripts/bench/sending.ts [concurrency] [requests]`. Both in turn, several times; the best of each counts.
 */
import { fork } from 'node:child_process';
import { Agent, request } from 'undici';
import { MetricReporting } from '../../src/concertim/metric-reporting.ts';
import type { DeviceId } from '../../src/concertim/model.ts';
import type { Session } from '../../src/concertim/session.ts';
import { Secret } from '../../src/runtime/secret.ts';

const concurrency = Number(process.argv[2] ?? 32);
const total = Number(process.argv[3] ?? 5_000);
const rounds = 12;

const receiver = fork(new URL('receiver.ts', import.meta.url));
const port = await new Promise<number>((resolve) => receiver.once('message', resolve));
const url = `http://127.0.0.1:${port}`;
const token = new Secret('x'.repeat(200));
const metric = { name: 'os.instance.cpu_utilization', value: 12.34, units: '%', ttlS: 180 };

const agent = new Agent({ connections: concurrency });
const bare = async (id: number) => {
  const { body } = await request(`${url}/mrd/${id}/metrics`, {
    dispatcher: agent,
    method: 'PUT',
    headers: { authorization: `Bearer ${token.reveal()}`, 'content-type': 'application/json' },
    body: JSON.stringify({ type: 'double', ...metric, slope: 'both', ttl: 180 }),
  });
  await body.text();
};
const session = { token: async () => token, forget() {} } as unknown as Session;
const reporting = new MetricReporting({ url, session, concurrency });
const ours = async (id: number) => {
  await reporting.report(id as DeviceId, metric);
};

const best = { bare: { ms: Infinity, cpu: Infinity }, ours: { ms: Infinity, cpu: Infinity } };
for (let round = 0; round < rounds; round++) {
  await measure('bare', bare);
  await measure('ours', ours);
}
for (const [name, { ms, cpu }] of Object.entries(best)) {
  console.log(
    `${name}: ${Math.round((total / ms) * 1000)} requests/s, ${((cpu * 1000) / total).toFixed(1)} µs of CPU each`,
  );
}
console.log(`ours reaches ${Math.round((best.bare.ms / best.ours.ms) * 100)} % of bare`);
await reporting.close();
await agent.close();
receiver.kill();

async function measure(name: keyof typeof best, send: (id: number) => Promise<void>): Promise<void> {
  let next = 0;
  const cpuBefore = process.cpuUsage();
  const startedAt = performance.now();
  const work = async () => {
    while (next < total) await send(next++);
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  const { user, system } = process.cpuUsage(cpuBefore);
  best[name] = {
    ms: Math.min(best[name].ms, performance.now() - startedAt),
    cpu: Math.min(best[name].cpu, (user + system) / 1000),
  };
}
