import { MetricReporting, mostReportsAtOnce } from '../../src/concertim/metric-reporting.ts';
import { DeviceList } from '../../src/metrics/device-list.ts';
import { MetricPump } from '../../src/metrics/metric-pump.ts';
import { SharedPace } from '../../src/metrics/pace.ts';
import { Traffic } from '../../src/observability/traffic.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { type SandboxConfig, sessionsOn } from '../../test/support/sandbox-sessions.ts';
import { answerQuestions, childArgument } from './child.ts';
import { measureUsage } from './usage.ts';

/** The component `metrics`, cycle by cycle. */
export type MetricsAnswers = typeof answers;

const config = childArgument() as SandboxConfig;
const traffic = new Traffic();
const onExchange = ({ service }: { service: string }) => traffic.count(service);
const { cloud, portal } = sessionsOn(config, { onExchange });
const reporting = new MetricReporting({ url: config.concertim.concertim_url, session: portal, onExchange });
const pump = new MetricPump({
  cloud,
  devices: new DeviceList({ session: portal, clock: systemClock }),
  reporting,
  pace: new SharedPace(mostReportsAtOnce),
  intervalMs: 15_000,
  ttlMs: 180_000,
  cpuPerVcpu: true,
  names: '2023',
  traffic,
  clock: systemClock,
});

const answers = {
  async cycle() {
    const usage = measureUsage();
    const startedAt = performance.now();
    const { ms, delivery, requests, failures } = await pump.runCycle(systemClock.now() + 120_000);
    const seconds = (performance.now() - startedAt) / 1000;
    if (failures.length > 0) throw new Error(`${failures.length} things failed in the cycle.`);
    return { seconds, ms, sent: delivery.sent, requests, ...usage() };
  },
};
answerQuestions(answers);
